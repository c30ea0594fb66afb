"""What each claim says when it is proved and when it is refuted, in Chinese and in English.

The texts are templates (`str.format`); `{case}` is the witness in words. docs/proofs.md explains the same
codes; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.diagnostics import Language
from engine.expressions import Fact, Value, format_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The words of one claim; `beside` are those about a rule beside others."""

    proved_zh: str
    proved_en: str
    refuted_zh: str
    refuted_en: str
    beside: bool = False


CLAIMS: Mapping[str, Claim] = MappingProxyType(
    {
        "CONDITION_CAN_HOLD": Claim(
            proved_zh="条件可以成立，例如：{case}",
            proved_en="the condition can hold, as with {case}",
            refuted_zh="条件永远不会成立：{said}",
            refuted_en="the condition can never hold: {said_en}",
        ),
        "CONDITION_CAN_MISS": Claim(
            proved_zh="条件可以不成立，例如：{case}",
            proved_en="the condition can be false, as with {case}",
            refuted_zh="条件总是成立：{said}",
            refuted_en="the condition always holds: {said_en}",
        ),
        "ROW_REACHABLE": Claim(
            proved_zh="第 {row} 行可以用到，例如：{case}",
            proved_en="row {row} can decide, as with {case}",
            refuted_zh="第 {row} 行永远用不到：它成立时，总有前面的行先成立",
            refuted_en="row {row} can never decide: whenever it holds, an earlier row does",
        ),
        "TABLE_COMPLETE": Claim(
            proved_zh="任何情况都有一行成立",
            proved_en="some row matches in every case",
            refuted_zh="没有一行成立的情况：{case}",
            refuted_en="no row matches with {case}",
        ),
        "ROWS_DISJOINT": Claim(
            proved_zh="第 {row} 行不与前面任何一行同时成立",
            proved_en="row {row} never matches together with an earlier row",
            refuted_zh="第 {rows} 行同时成立：{case}",
            refuted_en="rows {rows} match together with {case}",
        ),
        "ROWS_AGREE": Claim(
            proved_zh="第 {row} 行与前面同时成立的行结果一致",
            proved_en="row {row} agrees with every earlier row that matches too",
            refuted_zh="第 {rows} 行同时成立而结果不同：{case}",
            refuted_en="rows {rows} match together and contradict each other with {case}",
        ),
        "BAND_REACHABLE": Claim(
            proved_zh="分数可以达到 {min}，例如：{case}",
            proved_en="a score of {min} can be reached, as with {case}",
            refuted_zh="分数永远达不到 {min}：各条规则合起来最多 {most} 分",
            refuted_en="a score of {min} can never be reached: all rules together add at most {most}",
        ),
        "SHARES_WITHIN_WHOLE": Claim(
            proved_zh="任何情况下各方合计不超过全部",
            proved_en="the shares are together at most the whole in every case",
            refuted_zh="各方合计 {total}，超过全部：{case}",
            refuted_en="the shares are together {total}, above the whole, with {case}",
        ),
        "TIER_RATES_RISE": Claim(
            proved_zh="各档费率逐档不降",
            proved_en="no tier's rate is below the one before",
            refuted_zh="费率从 {former} 降到 {rate}：{case}",
            refuted_en="the rate falls from {former} to {rate} with {case}",
        ),
        "TIER_AMOUNTS_RISE": Claim(
            proved_zh="基数越大，金额不会变小",
            proved_en="more never comes to a smaller amount",
            refuted_zh="多一分反而从 {former} 变成 {amount}：{case}",
            refuted_en="one fen more turns {former} into {amount} with {case}",
        ),
        "INVARIANT_HOLDS": Claim(
            proved_zh="“{name}”在任何情况下都成立",
            proved_en="“{name}” holds in every case",
            refuted_zh="“{name}”不成立，{answer}：{case}",
            refuted_en="“{name}” does not hold, {answer_en}, with {case}",
        ),
        "PERIODS_APART": Claim(
            proved_zh="任何时刻只有这一条适用",
            proved_en="at no instant another rule applies equally",
            refuted_zh="从 {since} 起与 {id} 同时生效，分不清用哪一条（{file}）",
            refuted_en="from {since} on {id} applies equally ({file})",
            beside=True,
        ),
    }
)
SHORT_CASE = 4
"""Facts that are all said, whatever their values."""
UNDECIDED_ZH = "未能判定：{reason}"
UNDECIDED_EN = "not decided: {reason}"
GROUP_ZH = "第 {rows} 行互相重叠，共 {pairs} 对，例如{first}"
GROUP_EN = "rows {rows} overlap in {pairs} pairs, such as: {first}"


def case_in_words(*, witness: Mapping[str, Value], facts: Mapping[str, Fact], language: Language) -> str:
    """Return a witness as people read it: each fact's title and its value with its unit.

    Of a long one only what differs from the defaults is said.
    """
    zh = language == "zh"
    differing = {name: value for name, value in witness.items() if value != facts[name].default}
    is_short = len(witness) <= SHORT_CASE
    said = [
        (fact.title + "：" if zh else fact.title_en + ": ")
        + format_value(value=value, unit=fact.unit, language=language)
        for name, value in (witness if is_short else differing).items()
        for fact in (facts[name],)
    ]
    if not is_short or not said:
        said.append("其余取默认值" if zh else "defaults otherwise")
    return ("；" if zh else "; ").join(said)
