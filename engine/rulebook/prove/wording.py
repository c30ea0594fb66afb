"""What each claim says when it is proved and when it is refuted, in Chinese and in English.

The texts are templates (`str.format`); `{case}` is the witness in words. docs/proofs.md explains the same
codes; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.diagnostics import Location
from engine.expressions import Fact, Value, format_value
from engine.rulebook.prove.model import Proof, Verdict

Texts = tuple[str, str]
"""The same in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The words of one claim; `beside` are those about a rule beside others."""

    proved: Texts
    refuted: Texts
    beside: bool = False


CLAIMS: Mapping[str, Claim] = MappingProxyType(
    {
        "CONDITION_CAN_HOLD": Claim(
            ("条件可以成立，例如：{case}", "the condition can hold, as with {case}"),
            ("条件永远不会成立：{said}", "the condition can never hold: {said_en}"),
        ),
        "CONDITION_CAN_MISS": Claim(
            ("条件可以不成立，例如：{case}", "the condition can be false, as with {case}"),
            ("条件总是成立：{said}", "the condition always holds: {said_en}"),
        ),
        "ROW_REACHABLE": Claim(
            ("第 {row} 行可以用到，例如：{case}", "row {row} can decide, as with {case}"),
            (
                "第 {row} 行永远用不到：它成立时，总有前面的行先成立",
                "row {row} can never decide: whenever it holds, an earlier row does",
            ),
        ),
        "TABLE_COMPLETE": Claim(
            ("任何情况都有一行成立", "some row matches in every case"),
            ("没有一行成立的情况：{case}", "no row matches with {case}"),
        ),
        "ROWS_DISJOINT": Claim(
            ("第 {row} 行不与前面任何一行同时成立", "row {row} never matches together with an earlier row"),
            ("第 {rows} 行同时成立：{case}", "rows {rows} match together with {case}"),
        ),
        "ROWS_AGREE": Claim(
            (
                "第 {row} 行与前面同时成立的行结果一致",
                "row {row} agrees with every earlier row that matches too",
            ),
            (
                "第 {rows} 行同时成立而结果不同：{case}",
                "rows {rows} match together and contradict each other with {case}",
            ),
        ),
        "BAND_REACHABLE": Claim(
            ("分数可以达到 {min}，例如：{case}", "a score of {min} can be reached, as with {case}"),
            (
                "分数永远达不到 {min}：各条规则合起来最多 {most} 分",
                "a score of {min} can never be reached: all rules together add at most {most}",
            ),
        ),
        "SHARES_WITHIN_WHOLE": Claim(
            ("任何情况下各方合计不超过全部", "the shares are together at most the whole in every case"),
            (
                "各方合计 {total}，超过全部：{case}",
                "the shares are together {total}, above the whole, with {case}",
            ),
        ),
        "TIER_RATES_RISE": Claim(
            ("各档费率逐档不降", "no tier's rate is below the one before"),
            ("费率从 {former} 降到 {rate}：{case}", "the rate falls from {former} to {rate} with {case}"),
        ),
        "TIER_AMOUNTS_RISE": Claim(
            ("基数越大，金额不会变小", "more never comes to a smaller amount"),
            (
                "多一分反而从 {former} 变成 {amount}：{case}",
                "one fen more turns {former} into {amount} with {case}",
            ),
        ),
        "LEVEL_REACHABLE": Claim(
            ("可以升到{level}，例如：{case}", "level {level} can be reached, as with {case}"),
            (
                "永远升不到{level}：升级条件与保级条件不能同时成立",
                "level {level} can never be reached: to rise and to stay exclude each other",
            ),
        ),
        "BUDGET_COVERS": Claim(
            ("最多 {cost}，在预算 {budget} 之内", "{cost} at most, within the budget of {budget}"),
            ("最多 {cost}，超过预算 {budget}", "{cost} at most, above the budget of {budget}"),
        ),
        "PAYOUT_RISES": Claim(
            ("做得越多，奖励不会变少", "more never earns less"),
            (
                "做得更多，奖励反而从 {former} 变成 {amount}：{case}",
                "more turns {former} into {amount} with {case}",
            ),
        ),
        "SPLITTING_NEVER_PAYS": Claim(
            ("把一户拆成两户不会多得", "splitting one merchant into two never pays"),
            (
                "一户得 {whole}，拆成两户得 {parts}：{case}",
                "one merchant earns {whole}, split in two {parts}, with {case}",
            ),
        ),
        "PAYOUT_WITHOUT_CLIFF": Claim(
            ("多一分不会多得超过规定的数", "one fen more never earns a jump above the limit"),
            (
                "多一分，奖励从 {former} 跳到 {amount}，超过 {limit}：{case}",
                "one fen more lifts {former} to {amount}, by more than {limit}, with {case}",
            ),
        ),
        "INVARIANT_HOLDS": Claim(
            ("“{name}”在任何情况下都成立", "“{name}” holds in every case"),
            ("“{name}”不成立，{answer}：{case}", "“{name}” does not hold, {answer_en}, with {case}"),
        ),
        "PERIODS_APART": Claim(
            ("任何时刻只有这一条适用", "at no instant another rule applies equally"),
            (
                "从 {since} 起与 {id} 同时生效，分不清用哪一条（{file}）",
                "from {since} on {id} applies equally ({file})",
            ),
            beside=True,
        ),
        "MARGIN_NOT_NEGATIVE": Claim(
            ("第 {row} 行收的从不低于成本", "what row {row} charges is never below the cost"),
            (
                "第 {row} 行收 {fee}，成本 {cost}（{id} 第 {line} 行）：{case}",
                "row {row} charges {fee} at a cost of {cost} ({id} line {line}) with {case}",
            ),
            beside=True,
        ),
        "OVERRIDE_TIGHTENS": Claim(
            ("没有比 {id} 放宽", "nothing is looser than in {id}"),
            (
                "{own} 比 {id} 的 {wider} 宽，应当 {sign}：{case}",
                "{own} is looser than {wider} of {id}, should be {sign}, with {case}",
            ),
            beside=True,
        ),
        "STACKING_WITHIN_TOTAL": Claim(
            ("与其他活动叠加不会超过规定的数", "stacked with others it stays within the total"),
            (
                "与 {id} 叠加给 {total}，超过 {limit}：{case}",
                "stacked with {id} it gives {total}, above {limit}, with {case}",
            ),
            beside=True,
        ),
        "BUDGET_FUNDED": Claim(
            (
                "同类预算合计在 {id} 的 {fund} 之内",
                "budgets of the kind are together within the {fund} of {id}",
            ),
            (
                "从 {since} 起 {rules} 的预算合计 {total}，超过 {id} 的 {fund}",
                "from {since} on budgets ({rules}) are together {total}, above the {fund} of {id}",
            ),
            beside=True,
        ),
    }
)
UNDECIDED: Texts = ("未能判定：{reason}", "not decided: {reason}")
GROUP: Texts = (
    "第 {rows} 行互相重叠，共 {pairs} 对，例如{first}",
    "rows {rows} overlap in {pairs} pairs, such as: {first}",
)
SHORT_CASE = 4
"""Facts that are all said, whatever their values."""


def known_proof(
    code: str,
    verdict: Verdict,
    at: Location,
    words: Mapping[str, object],
    *,
    witness: Mapping[str, Value] | None = None,
    facts: Mapping[str, Fact] = MappingProxyType({}),
) -> Proof:
    """Return the proof of a claim; `words` fill its template, `facts` are those that the witness gives."""
    claim, case = CLAIMS[code], case_in_words(witness=witness or {}, facts=facts)
    texts = claim.proved if verdict == Verdict.PROVED else claim.refuted
    zh, en = (text.format(case=said, **words) for text, said in zip(texts, case, strict=True))
    return Proof(code=code, verdict=verdict, location=at, witness=witness, zh=zh, en=en)


def case_in_words(*, witness: Mapping[str, Value], facts: Mapping[str, Fact]) -> Texts:
    """Return a witness as people read it: each fact's title and its value with its unit.

    Of a long one only what differs from the defaults is said.
    """
    is_short = len(witness) <= SHORT_CASE
    zh, en = [], []
    for name, value in witness.items():
        fact = facts[name]
        if is_short or value != fact.default:
            zh.append(f"{fact.title}：{format_value(value=value, unit=fact.unit, language='zh')}")
            en.append(f"{fact.title_en}: {format_value(value=value, unit=fact.unit, language='en')}")
    if not is_short or not zh:
        zh.append("其余取默认值")
        en.append("defaults otherwise")
    return "；".join(zh), "; ".join(en)


def yuan(amount_fen: int) -> str:
    """Return an amount as people of both languages read it."""
    return format_value(value=amount_fen, unit="fen", language="zh")
