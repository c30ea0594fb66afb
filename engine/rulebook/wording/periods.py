"""What is wrong with when a rule holds: dated values, validity, trials, versions."""

from __future__ import annotations

from engine.rulebook.wording.template import Wording

PERIODS = {
    "DATED_GAP": Wording(
        "“{field}”从 {start} 生效，最早的值却从 {first} 才开始",
        "“{field}” is in force from {start}, but its earliest value begins only on {first}",
        "补上 {first} 之前的值，或推迟 effective.from",
        "add the value before {first}, or begin effective.from later",
    ),
    "EFFECTIVE_ORDER": Wording(
        "结束时间 {to} 不晚于开始时间 {from_}",
        "the end {to} is not later than the start {from_}",
        "区间含起点不含终点，终点必须更晚",
        "ranges include the start and not the end, which must be later",
    ),
    "EFFECTIVE_OVERLAP": Wording(
        "与 {other} 第 {line} 行的 {id} 同时生效且适用范围同样具体",
        "in force at the same time as {id} ({other} line {line}) with an equally specific scope",
        "改生效时间或适用范围，让任何时刻只有一条适用",
        "change effective or scope so that only one applies at any instant",
    ),
    "EFFECTIVE_GAP": Wording(
        "从 {from_} 到 {until} 没有任何 {kind} 生效，这段时间的交易无法计价",
        "from {from_} to {until} no {kind} is in force: what happens then has no answer",
        "让下一版从 {from_} 起生效，或写 to: null",
        "let the next version begin at {from_}, or write to: null",
    ),
    "TRIAL_ENDLESS": Wording(
        "试行的规则没有结束时间",
        "a rule on trial has no end",
        "写 effective.to：到时自动失效，要继续就另提一次变更",
        "write effective.to: it ends by itself then; to go on is a change of its own",
    ),
    "ROLLOUT_SAMPLE": Wording(
        "mode: rollout 与 rollout: 要么都写，要么都不写",
        "mode: rollout and rollout: go together",
        '灰度写 rollout: {{share: "0.10", by: merchant.id, salt: 2025q2}}，其他方式不写',
        'a rollout says rollout: {{share: "0.10", by: merchant.id, salt: 2025q2}}, no other mode does',
    ),
    "TRIAL_BASE": Wording(
        "没有正式生效的规则 {base} 可以代替",
        "there is no enforced rule {base} to stand in the place of",
        "写一条 mode: enforce 的规则编号；自己不能是 enforce",
        "name a rule in mode enforce; this one cannot be enforced itself",
    ),
    "ROLLOUT_TWICE": Wording(
        "{other} 同时也在灰度代替 {base}",
        "{other} is rolled out in the place of {base} at the same time",
        "错开时间，或先结束其中一个",
        "let one end before the other begins",
    ),
    "EFFECTIVE_PAST": Wording(
        "生效时间 {from_} 已经过去（现在 {now}）",
        "effective.from {from_} is in the past (now {now})",
        "改成将来的时间；要更正过去，写 correction: {{reason: …, reference: …}}，差额会补记",
        "choose a later time; to put the past right write correction: {{reason: …, reference: …}}:"
        " the differences are booked",
    ),
    "CORRECTION_KIND": Wording(
        "种类 {kind} 不能更正过去",
        "rules of kind {kind} cannot put the past right",
        "删去 correction；可以更正的种类：{allowed}",
        "remove correction; kinds that can: {allowed}",
    ),
    "CORRECTION_TOO_OLD": Wording(
        "更正从 {from_} 开始，早于可以追溯的 {earliest}（{days} 天）",
        "the correction begins at {from_}, before {earliest}, the earliest there is ({days} days)",
        "把 effective.from 改到 {earliest} 或以后",
        "begin at {earliest} or later",
    ),
    "CORRECTION_NOT_PAST": Wording(
        "写了 correction，但 {from_} 还没有到（现在 {now}）",
        "a correction that begins at {from_}, which has not come yet (now {now})",
        "删去 correction：将来的变更不是更正",
        "remove correction: a change to come corrects nothing",
    ),
    "VERSION_IMMUTABLE": Wording(
        "{id} 第 {version} 版已经发布，不能改动内容",
        "version {version} of {id} is published and cannot change",
        "把 version 改为 {next}，并设置新的 effective.from",
        "set version to {next} and a new effective.from",
    ),
    "VERSION_ORDER": Wording(
        "{detail}",
        "{detail_en}",
        "version 每次发布加一，effective.from 晚于上一版",
        "version rises by one each time, and effective.from is later than before",
    ),
}
