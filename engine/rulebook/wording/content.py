"""What is wrong with what a rule says: its facts, rows, numbers, names and steps."""

from __future__ import annotations

from engine.diagnostics import Severity
from engine.rulebook.wording.template import Wording

CONTENT = {
    "FACT_UNKNOWN": Wording(
        "没有事实“{fact}”",
        "there is no fact “{fact}”",
        "{nearest}",
        "{nearest_en}",
    ),
    "FACT_WITHHELD": Wording(
        "{kind} 类规则不能读取“{fact}”",
        "rules of kind {kind} may not read “{fact}”",
        "可读的命名空间：{allowed}",
        "namespaces it may read: {allowed}",
    ),
    "FACT_NOT_SUPPLIED": Wording(
        "事实“{fact}”还没有数据来源，条件只会看到默认值 {default}",
        "nothing supplies fact “{fact}” yet: the condition will always see its default {default}",
        "换一个有来源的事实，或者先不要依赖这一条",
        "use a fact that is supplied, or do not rely on this condition yet",
        Severity.WARNING,
    ),
    "FACT_TYPE": Wording(
        "事实“{fact}”应为{expected}，现在是 {value}",
        "fact “{fact}” must be {expected_en}; it is {value}",
        "改成{expected}",
        "make it {expected_en}",
    ),
    "FACT_DEFAULT": Wording(
        "事实“{fact}”的默认值 {value} 不符合类型或取值",
        "the default {value} of fact “{fact}” does not fit its type or values",
        "改正 default",
        "correct default",
    ),
    "NO_DEFAULT_ROW": Wording(
        '最后一行不是 when: "true"，有的交易会没有结果',
        'the last row is not when: "true", so some cases would have no result',
        '在最后加一行 when: "true"',
        'add a last row with when: "true"',
    ),
    "ROW_UNREACHABLE": Wording(
        '第 {row} 行的 when 是 "true"，后面的行永远不会生效',
        'row {row} is when: "true", so the rows after it can never apply',
        "把它移到最后",
        "move it to the end",
    ),
    "GRID_INPUTS": Wording(
        "有的行写了 in，却没有 inputs 说明每格看哪个事实",
        "a row has `in`, but no `inputs` says which fact each cell is about",
        "在 spec 下写 inputs: [txn.channel, …]，或改用 when",
        "write inputs: [txn.channel, …] below spec, or use `when`",
    ),
    "GRID_WIDTH": Wording(
        "这一行有 {cells} 格，inputs 有 {inputs} 项",
        "this row has {cells} cells, inputs has {inputs}",
        "每个输入一格；不关心的写 -",
        "one cell for each input; write - where anything will do",
    ),
    "GRID_BOTH": Wording(
        "这一行既写了 when 又写了 in",
        "this row has both `when` and `in`",
        "只留一种写法",
        "keep one of them",
    ),
    "CELL_UNCLEAR": Wording(
        "{fact} 的这一格读不懂：{detail}",
        "this cell of {fact} is not clear: {detail_en}",
        "可以写 -、一个值、A, B、>= 1000、[1000..5000)、not(A, B)",
        "write -, a value, A, B, >= 1000, [1000..5000) or not(A, B)",
    ),
    "CELL_VALUE": Wording(
        "{fact} 没有 {value} 这个值",
        "{value} is no value of {fact}",
        "可写：{nearest}",
        "write {nearest}",
    ),
    "TIER_ORDER": Wording(
        "阶梯上限 {upto} 没有大于上一档 {former}",
        "tier bound {upto} is not above the former {former}",
        "按从小到大排列",
        "put the bounds in rising order",
    ),
    "TIER_GAP": Wording(
        "阶梯有缺口：{detail}",
        "the tiers leave a gap: {detail_en}",
        "只有最后一档不写 upto_fen，它管到无穷大",
        "only the last tier has no upto_fen; it reaches to infinity",
    ),
    "BAND_ORDER": Wording(
        "分数档 min {bound} 没有大于上一档 {former}",
        "band min {bound} is not above the former {former}",
        "按 min 从小到大排列",
        "put the bands in rising order of min",
    ),
    "SPLIT_OVER_100": Wording(
        "各项比例合计 {total}，超过 1（{parts}）",
        "the parts add up to {total}, more than 1 ({parts})",
        "减小比例；所有加成同时成立时也不能超过全部",
        "lower them; even with every uplift at once they must not exceed the whole",
    ),
    "SPLIT_SUM": Wording(
        "各部分合计 {sum}，应为 {total}（{parts}）",
        "the parts add up to {sum}, not {total} ({parts})",
        "调整各部分，使合计正好是 {total}",
        "change the parts so that they add up to {total}",
    ),
    "NOT_RISING": Wording(
        "“{field}”是 {value}，没有大于前一个 {former}",
        "“{field}” is {value}, not above the former {former}",
        "按从小到大排列",
        "put them in rising order",
    ),
    "TIME_ORDER": Wording(
        "结束 {end} 不晚于开始 {start}",
        "the end {end} is not after the start {start}",
        "同一天内开始早于结束；跨零点的写成两段，当天结束写 24:00",
        "within a day the start comes first; write two windows across midnight, 24:00 for the end of the day",
    ),
    "OVER_LIMIT": Wording(
        "“{field}”是 {value}，应 {sign} {other}（{limit}）",
        "“{field}” is {value}; it must be {sign} {other} ({limit})",
        "改小，或调大 {other}",
        "lower it, or raise {other}",
    ),
    "NAME_UNKNOWN": Wording(
        "{where} 里没有“{name}”",
        "{where} has no “{name}”",
        "可写：{allowed}",
        "one of: {allowed}",
    ),
    "STEP_UNUSED": Wording(
        "步骤“{step}”没有用在 pattern 里",
        "the pattern does not use step “{step}”",
        "删掉它，或写进 pattern",
        "remove it, or name it in pattern",
    ),
    "STEP_ALWAYS": Wording(
        "步骤“{step}”对每个事件都成立，每个事件都会占着内存等到窗口结束",
        "step “{step}” holds for every event, each of which would wait in memory until its window ends",
        "写出条件，至少写 event.type == '…'",
        "write a condition, at least event.type == '…'",
    ),
    "FACT_FORBIDDEN": Wording(
        "条件读取了 {field} 禁止的事实“{fact}”",
        "the condition reads “{fact}”, which {field} forbids",
        "去掉这个事实，换一个允许读取的",
        "leave it out, or use a fact that may be read",
    ),
    "NEGATIVE_MARGIN": Wording(
        "{what} 低于成本：{this} < {that}（{other} 第 {line} 行，{when}）",
        "{what} is below cost: {this} < {that} ({other} line {line}, {when})",
        "提高到成本以上；确要补贴，写 {unless}: true",
        "raise it to the cost; if the loss is meant, write {unless}: true",
    ),
}
