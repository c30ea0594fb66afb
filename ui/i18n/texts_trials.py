"""Texts of the page about rules on trial."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "trials.title": ("试行中的规则", "Rules on trial"),
    "trials.headline": (
        "{count} 条规则在试行；下面是近 {days} 天若全面生效会改变的决定。",
        "{count} on trial: which decisions of the last {days} days each would change in full force.",
    ),
    "trials.none": ("没有规则在试行", "No rule is on trial"),
    "trials.none_hint": (
        "风控规则写 mode: shadow 或 rollout，发布后这里会出现它会改变什么",
        "A risk rule with mode: shadow or rollout appears here once released, with what it would change",
    ),
    "trials.rollout": ("灰度 {share}，按{by}", "rolled out to {share}, by {by}"),
    "trials.by_merchant.id": ("商户", "merchant"),
    "trials.by_txn.payer_id": ("付款人", "payer"),
    "trials.ends": ("{time} 自动结束，还有 {days} 天", "ends by itself at {time}, {days} days left"),
    "trials.payments": ("期间支付 {count} 笔", "{count} payments meanwhile"),
    "trials.sample": ("其中样本内 {count} 笔", "{count} of them in the sample"),
    "trials.instead": ("代替 {rule}", "in place of {rule}"),
    "trials.failed": ("{count} 笔无法计算", "{count} could not be evaluated"),
    "trials.unread": ("{count} 笔的命中已没有对应规则", "{count} have hits of rules that are gone"),
    "trials.unchanged": ("没有任何决定会改变。", "It would change no decision."),
    "trials.made": ("实际决定", "Decided"),
    "trials.would": ("若全面生效", "In full force"),
    "trials.count": ("笔数", "Payments"),
    "trials.amount": ("金额", "Amount"),
}
