"""Every finding that the rulebook can report: its code and what it says in Chinese and in English.

The texts are templates (`str.format`). `docs/rules.md` explains the same codes; a test keeps them equal.
Findings about the text of a condition come from engine.expressions and are not listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.diagnostics import Diagnostic, Location, Severity


@dataclass(frozen=True, slots=True)
class Wording:
    """What one code says: message and what to do, in both languages."""

    zh: str
    en: str
    hint_zh: str
    hint_en: str
    severity: Severity = Severity.ERROR


def finding(
    code: str, location: Location, *, length: int = 1, hint: tuple[str, str] | None = None, **values: object
) -> Diagnostic:
    """Return the diagnostic of `code`; `values` fill its templates, `hint` (zh, en) replaces its own."""
    wording = CATALOGUE[code]
    hint_zh, hint_en = hint or (wording.hint_zh.format(**values), wording.hint_en.format(**values))
    return Diagnostic(
        code=code,
        severity=wording.severity,
        location=location,
        message=wording.zh.format(**values),
        hint=hint_zh,
        length=max(length, 1),
        message_en=wording.en.format(**values),
        hint_en=hint_en,
    )


_YAML = {
    "YAML_SYNTAX": Wording(
        "YAML 写法有误：{problem}",
        "not valid YAML: {problem_en}",
        "检查这一行和上一行的缩进、冒号、引号和括号",
        "check indentation, colons, quotes and brackets on this line and the one before",
    ),
    "YAML_TAB": Wording(
        "缩进里有制表符（Tab）",
        "a tab in the indentation",
        "换成空格，每层两个",
        "use spaces, two a level",
    ),
    "YAML_BOM": Wording(
        "文件以 BOM 字节序标记开头",
        "the file begins with a byte order mark",
        "另存为“UTF-8（无 BOM）”",
        "save it as UTF-8 without BOM",
    ),
    "YAML_NOT_UTF8": Wording(
        "文件不是 UTF-8 编码",
        "the file is not UTF-8",
        "用 UTF-8 重新保存，不要用 GBK",
        "save it again as UTF-8",
    ),
    "YAML_EMPTY": Wording(
        "文件是空的",
        "the file is empty",
        "写出 kind、id、version 等字段，或删除文件",
        "write kind, id, version and so on, or delete the file",
    ),
    "YAML_MULTIPLE_DOCUMENTS": Wording(
        "一个文件里有多个 YAML 文档",
        "more than one YAML document in one file",
        "一个文件只写一条规则，把其余内容移到各自的文件",
        "one file holds one rule; move the rest to files of their own",
    ),
    "YAML_DUPLICATE_KEY": Wording(
        "键“{key}”重复，第 {line} 行已经写过",
        "key “{key}” is repeated; it is already on line {line}",
        "删掉其中一个，或改名",
        "remove or rename one of them",
    ),
    "YAML_KEY_NOT_TEXT": Wording(
        "键“{key}”不是文字",
        "key “{key}” is not text",
        "键要用文字；数字请加引号",
        "keys must be text; put numbers in quotes",
    ),
    "YAML_ALIAS": Wording(
        "不允许使用锚点或别名（{mark}）",
        "anchors and aliases are refused ({mark})",
        "把内容原样写出来，让每一行都能直接读懂",
        "write the content out, so that every line can be read by itself",
    ),
    "YAML_TAG": Wording(
        "不允许使用标签（{tag}）",
        "tags are refused ({tag})",
        "去掉以 ! 开头的标签；要文字就加引号",
        "remove what begins with !; quote the value if it is text",
    ),
    "YAML_TOO_LARGE": Wording(
        "文件超过 {limit} 字节",
        "the file is larger than {limit} bytes",
        "拆成几条规则",
        "split it into several rules",
    ),
    "YAML_TOO_DEEP": Wording(
        "嵌套超过 {limit} 层",
        "nested deeper than {limit} levels",
        "检查缩进或括号是否写错",
        "check the indentation or the brackets",
    ),
    "RATE_NOT_STRING": Wording(
        "“{key}”是费率，必须写成带引号的小数，现在是数字 {value}",
        "“{key}” is a rate and must be a quoted decimal; it is the number {value}",
        '改为 {key}: "{value}"；不加引号会经过浮点数而失真',
        'write {key}: "{value}"; an unquoted number goes through floating point',
    ),
    "FLOAT_REFUSED": Wording(
        "不允许小数 {value}",
        "the decimal number {value} is refused",
        "金额用整数分（_fen），比例用带引号的小数，其余用整数",
        "write money as whole fen (_fen), rates as quoted decimals, everything else as whole numbers",
    ),
    "MERGE_MARKERS": Wording(
        "第 {line} 到 {end} 行是没有合并完的冲突（<<<<<<<）",
        "lines {line} to {end} are a merge conflict that was not resolved (<<<<<<<)",
        "选定一边的内容，删掉 <<<<<<<、=======、>>>>>>> 这几行",
        "keep what is meant and remove the lines <<<<<<<, =======, >>>>>>>",
    ),
    "TEXT_INVISIBLE": Wording(
        "有看不见的字符 {name}",
        "an invisible character {name}",
        "删掉它；它会让看到的和实际的不一样",
        "remove it: what is read is not what is there",
    ),
    "LOOK_ALIKE": Wording(
        "“{text}”里的“{character}”是 {name}{twin}",
        "“{character}” in “{text}” is {name}{twin_en}",
        "用键盘重新输入这个词；形近字母会让两个名字看起来一样",
        "type the word anew; look-alike letters make two names seem one",
    ),
    "ID_NOT_ASCII": Wording(
        "“{text}”里有非 ASCII 字符 {character}（{name}）",
        "“{text}” holds the non-ASCII character {character} ({name})",
        "键和编号只用 a–z、0–9、点、下划线和连字符；形近字母会让两条规则看起来同名",
        "keys and ids use only a–z, 0–9, dot, underscore, hyphen; look-alikes make two rules seem one",
    ),
}

_SCHEMA = {
    "SCHEMA_UNKNOWN_FIELD": Wording(
        "没有字段“{field}”",
        "there is no field “{field}”",
        "这里可以写：{allowed}",
        "allowed here: {allowed}",
    ),
    "SCHEMA_MISSING_FIELD": Wording(
        "缺少字段“{field}”", "field “{field}” is missing", "补上 {field}", "add {field}"
    ),
    "SCHEMA_TYPE": Wording(
        "“{field}”应为{expected}，现在是 {value}",
        "“{field}” must be {expected_en}; it is {value}",
        "改成{expected}",
        "make it {expected_en}",
    ),
    "SCHEMA_ENUM": Wording(
        "“{field}”不能是 {value}",
        "“{field}” cannot be {value}",
        "可选：{allowed}",
        "one of: {allowed}",
    ),
    "SCHEMA_FORMAT": Wording(
        "“{field}”的写法不对：{value}",
        "“{field}” is not written as it must be: {value}",
        "应符合 {pattern}",
        "it must match {pattern}",
    ),
    "SCHEMA_RANGE": Wording(
        "“{field}”的值 {value} 超出范围（{limit}）",
        "“{field}” is {value}, outside its range ({limit})",
        "改成范围内的值",
        "use a value within the range",
    ),
    "SCHEMA_COUNT": Wording(
        "“{field}”的项数或长度不对（{limit}）",
        "“{field}” has the wrong number of items or characters ({limit})",
        "增减内容",
        "add or remove some",
    ),
    "SCHEMA_CHOICE": Wording(
        "“{field}”必须写且只写一种：{choices}",
        "“{field}” must have exactly one of: {choices}",
        "保留其中一种",
        "keep one of them",
    ),
    "SCHEMA_INVALID": Wording(
        "“{field}”不符合格式：{detail}",
        "“{field}” does not fit the schema: {detail}",
        "对照 {schema}",
        "compare {schema}",
    ),
}

_FILES = {
    "FILE_MISSING": Wording(
        "缺少文件 {path}",
        "{path} is missing",
        "补上这个文件；没有它规则无法检查",
        "add it; rules cannot be checked without it",
    ),
    "FILE_UNEXPECTED": Wording(
        "{path} 不在规则库认识的位置，没有读取",
        "{path} is not where rules are kept and was not read",
        "规则放在 rules/<kind>/<id>.yaml",
        "rules live in rules/<kind>/<id>.yaml",
        Severity.WARNING,
    ),
    "KIND_UNKNOWN": Wording(
        "没有规则种类“{kind}”",
        "there is no kind “{kind}”",
        "已有种类：{allowed}",
        "known kinds: {allowed}",
    ),
    "KIND_INVALID": Wording(
        "规则种类定义有误：{detail}",
        "the kind is not well defined: {detail}",
        "对照 docs/rules.md 的“规则种类”一节",
        "see “Kinds” in docs/rules.md",
    ),
    "KIND_SCHEMA_INVALID": Wording(
        "{path} 不是有效的 JSON Schema：{detail}",
        "{path} is not a valid JSON Schema: {detail}",
        "按 JSON Schema 2020-12 修改",
        "correct it after JSON Schema 2020-12",
    ),
    "PATH_MISMATCH": Wording(
        "文件位置与内容不符：应在 {expected}",
        "the file is not where its content says: expected {expected}",
        "移动文件，或改正 kind / id",
        "move the file, or correct kind / id",
    ),
    "ID_DUPLICATE": Wording(
        "编号“{id}”重复，{other} 已经用了",
        "id “{id}” is used twice; {other} has it already",
        "换一个编号",
        "choose another id",
    ),
    "AGGREGATE_FIELD": Wording(
        "聚合“{name}”的 {fn} {detail}",
        "aggregate “{name}”: {fn} {detail_en}",
        "count 不写 field；sum、max 的 field 为整数事实；distinct 的 field 为文字事实",
        "count takes no field; sum and max take an integer fact; distinct takes a string fact",
    ),
    "WINDOW_MAX": Wording(
        "窗口 {window} 超过上限 {limit} 天",
        "window {window} is longer than {limit} days",
        "缩短窗口；更长的统计用 merchant.* 等日指标",
        "shorten it; longer figures belong to daily facts such as merchant.*",
    ),
    "APPROVAL_UNKNOWN": Wording(
        "rules/approval.yaml 里没有审批链“{approval}”",
        "rules/approval.yaml has no chain “{approval}”",
        "已有：{allowed}",
        "known: {allowed}",
    ),
}

_MEANING = {
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
        "改成将来的时间；已发生的交易不能改价",
        "choose a later time; what has happened keeps its price",
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
    "TEST_FAILED": Wording(
        "测试 {test} 不符：{field} 期望 {expected}，实际 {actual}",
        "test {test} failed: {field} expected {expected}, got {actual}",
        "改正规则或改正期望值",
        "correct the rule or the expectation",
    ),
    "TEST_ERROR": Wording(
        "测试 {test} 无法计算：{detail}",
        "test {test} could not be evaluated: {detail}",
        "改正规则或测试的 facts",
        "correct the rule or the facts of the test",
    ),
    "PROOF_REFUTED": Wording(
        "{claim} 不成立：{said}",
        "{claim} does not stand: {said_en}",
        "改正规则；确实要这样，在文件里写 accept: {entry}",
        "correct the rule; if it is meant, write under accept: {entry}",
    ),
    "PROOF_UNDECIDED": Wording(
        "{claim} {said}",
        "{claim}: {said_en}",
        "换一种写法（见 docs/proofs.md），或自己看过再发布",
        "write it another way (docs/proofs.md), or look at it yourself",
        Severity.WARNING,
    ),
    "ACCEPTANCE_STALE": Wording(
        "接受的 {claim}（{at}）已经没有要接受的",
        "nothing is left to accept of {claim} at {at}",
        "删掉这一项",
        "remove the entry",
        Severity.WARNING,
    ),
    "ACCEPTANCE_EXPIRED": Wording(
        "对 {claim}（{at}）的接受到 {until} 为止",
        "{claim} at {at} was accepted until {until}",
        "改正规则，或重新决定并写新的 until",
        "correct the rule, or decide again and write a new until",
        Severity.WARNING,
    ),
    "TEST_NOT_EVALUATED": Wording(
        "测试 {test} 的 {field} 在这里不计算",
        "{field} of test {test} is not evaluated here",
        "这种结果要由上层计算，这次检查没有接入",
        "no evaluator of such outcomes was given to this check",
        Severity.INFO,
    ),
}

CATALOGUE: Mapping[str, Wording] = MappingProxyType({**_YAML, **_SCHEMA, **_FILES, **_MEANING})
