"""What is wrong with where a file lies, and with its fields: files, kinds, schemas, definitions."""

from __future__ import annotations

from engine.diagnostics import Severity
from engine.rulebook.wording.template import Wording

SHAPE = {
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
