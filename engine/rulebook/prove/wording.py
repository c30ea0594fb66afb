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
        "LEVEL_REACHABLE": Claim(
            proved_zh="可以升到{level}，例如：{case}",
            proved_en="level {level} can be reached, as with {case}",
            refuted_zh="永远升不到{level}：升级条件与保级条件不能同时成立",
            refuted_en="level {level} can never be reached: to rise and to stay exclude each other",
        ),
        "BUDGET_COVERS": Claim(
            proved_zh="最多 {cost}，在预算 {budget} 之内",
            proved_en="{cost} at most, within the budget of {budget}",
            refuted_zh="最多 {cost}，超过预算 {budget}",
            refuted_en="{cost} at most, above the budget of {budget}",
        ),
        "PAYOUT_RISES": Claim(
            proved_zh="做得越多，奖励不会变少",
            proved_en="more never earns less",
            refuted_zh="做得更多，奖励反而从 {former} 变成 {amount}：{case}",
            refuted_en="more turns {former} into {amount} with {case}",
        ),
        "SPLITTING_NEVER_PAYS": Claim(
            proved_zh="把一户拆成两户不会多得",
            proved_en="splitting one merchant into two never pays",
            refuted_zh="一户得 {whole}，拆成两户得 {parts}：{case}",
            refuted_en="one merchant earns {whole}, split in two {parts}, with {case}",
        ),
        "PAYOUT_WITHOUT_CLIFF": Claim(
            proved_zh="多一分不会多得超过规定的数",
            proved_en="one fen more never earns a jump above the limit",
            refuted_zh="多一分，奖励从 {former} 跳到 {amount}，超过 {limit}：{case}",
            refuted_en="one fen more lifts {former} to {amount}, by more than {limit}, with {case}",
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
        "MARGIN_NOT_NEGATIVE": Claim(
            proved_zh="第 {row} 行收的从不低于成本",
            proved_en="what row {row} charges is never below the cost",
            refuted_zh="第 {row} 行收 {fee}，成本 {cost}（{id} 第 {line} 行）：{case}",
            refuted_en="row {row} charges {fee} at a cost of {cost} ({id} line {line}) with {case}",
            beside=True,
        ),
        "OVERRIDE_TIGHTENS": Claim(
            proved_zh="没有比 {id} 放宽",
            proved_en="nothing is looser than in {id}",
            refuted_zh="{own} 比 {id} 的 {wider} 宽，应当 {sign}：{case}",
            refuted_en="{own} is looser than {wider} of {id}, should be {sign}, with {case}",
            beside=True,
        ),
        "STACKING_WITHIN_TOTAL": Claim(
            proved_zh="与其他活动叠加不会超过规定的数",
            proved_en="stacked with others it stays within the total",
            refuted_zh="与 {id} 叠加给 {total}，超过 {limit}：{case}",
            refuted_en="stacked with {id} it gives {total}, above {limit}, with {case}",
            beside=True,
        ),
        "BUDGET_FUNDED": Claim(
            proved_zh="同类预算合计在 {id} 的 {fund} 之内",
            proved_en="budgets of the kind are together within the {fund} of {id}",
            refuted_zh="从 {since} 起 {rules} 的预算合计 {total}，超过 {id} 的 {fund}",
            refuted_en="from {since} on budgets ({rules}) are together {total}, above the {fund} of {id}",
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
