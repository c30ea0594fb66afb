"""What a form says: findings about its definition, and findings about an answer, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.diagnostics import Diagnostic, Location, Severity
from engine.forms.model import FieldFinding


@dataclass(frozen=True, slots=True)
class _Lint:
    zh: str
    en: str
    hint_zh: str
    hint_en: str


LINTS: Mapping[str, _Lint] = MappingProxyType(
    {
        "FORM_PATH_MISMATCH": _Lint(
            "文件名与 id 不符：应为 {expected}",
            "the file's name and its id differ: expected {expected}",
            "改文件名或改 id",
            "rename the file or change the id",
        ),
        "FORM_SCHEMA_INVALID": _Lint(
            "字段“{field}”的 {keyword} 不成立：{detail}",
            "{keyword} of field “{field}” cannot be: {detail}",
            "对照 docs/forms.md 的“字段”一节",
            "see “Fields” in docs/forms.md",
        ),
        "FORM_FIELD_UNKNOWN": _Lint(
            "没有字段“{field}”",
            "there is no field “{field}”",
            "先在 schema.properties 里写出它",
            "declare it in schema.properties first",
        ),
        "FORM_FIELD_TWICE": _Lint(
            "字段“{field}”排了两次",
            "field “{field}” is laid out twice",
            "删掉一处",
            "remove one of them",
        ),
        "FORM_FIELD_NOT_LAID_OUT": _Lint(
            "字段“{field}”没有排进任何一节，没有人能填它",
            "field “{field}” is in no section, so nobody can fill it in",
            "放进 sections 里的一节，或删掉",
            "put it into a section, or remove it",
        ),
        "FORM_OPTION_LABELS": _Lint(
            "字段“{field}”的选项与名称对不上：{detail}",
            "the options of field “{field}” and their labels differ: {detail}",
            "x-options 要恰好给 enum 的每个值一个 zh 和 en",
            "x-options must label exactly the values of enum",
        ),
        "FORM_WHEN_FORWARD": _Lint(
            "“{field}”的条件读取了排在它后面（或自己）的“{read}”",
            "the condition of “{field}” reads “{read}”, which is asked later or is the field itself",
            "条件只能看前面的字段；把“{read}”移到前面",
            "conditions may read earlier fields only; move “{read}” up",
        ),
        "FORM_EXAMPLE_FAILS": _Lint(
            "example 本身不合格：{field} {code}（{detail}）",
            "the example itself is refused: {field} {code} ({detail})",
            "example 应是一份完整、能通过的答案",
            "the example must be a complete answer that passes",
        ),
        "FORM_TEST_FAILED": _Lint(
            "测试“{test}”不符：期望 {expected}，实际 {actual}",
            "test “{test}” failed: expected {expected}, got {actual}",
            "改正表单或改正期望",
            "correct the form or the expectation",
        ),
    }
)

_FINDINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "FIELD_UNKNOWN": ("没有这个字段", "there is no such field"),
        "FIELD_REQUIRED": ("请填写{title}", "{title_en} is required"),
        "FIELD_TYPE": ("{title}的类型不对", "{title_en} has the wrong type"),
        "FIELD_OPTION": ("{title}只能从选项里选", "{title_en} must be one of the options"),
        "FIELD_LENGTH": ("{title}的长度应为 {limit} 个字", "{title_en} must have {limit} characters"),
        "FIELD_PATTERN": ("{title}的写法不对", "{title_en} is not written as it must be"),
        "FIELD_RANGE": ("{title}超出范围（{limit}）", "{title_en} is out of range ({limit})"),
        "FIELD_ITEMS": ("{title}应选 {limit} 项", "{title_en}: choose {limit}"),
        "FIELD_TEXT": ("{title}含有不可见的控制字符", "{title_en} holds invisible control characters"),
        "FIELD_DATE": ("{title}不是有效日期（年-月-日）", "{title_en} is not a date (year-month-day)"),
        "DOCUMENT_EXPIRED": (
            "{title}已过：证件在 {limit} 已失效",
            "{title_en}: the document is no longer valid on {limit}",
        ),
        "CHECK_ERROR": (
            "{title}的检查规则无法计算，请联系运营",
            "a check of {title_en} could not be evaluated; tell operations",
        ),
    }
)
"""Findings about answers. Value checks and the form's own `checks` bring their own codes and words."""


def lint(code: str, location: Location, /, *, length: int = 1, **values: object) -> Diagnostic:
    """Return the diagnostic of `code`, an error, at `location`."""
    words = LINTS[code]
    return Diagnostic(
        code=code,
        severity=Severity.ERROR,
        location=location,
        message=words.zh.format(**values),
        hint=words.hint_zh.format(**values),
        length=max(length, 1),
        message_en=words.en.format(**values),
        hint_en=words.hint_en.format(**values),
    )


def field_finding(code: str, *, field: str, title: str, title_en: str, limit: str = "") -> FieldFinding:
    """Return the finding of `code` about one field of an answer."""
    zh, en = _FINDINGS[code]
    return FieldFinding(
        field=field,
        code=code,
        message=zh.format(title=title, limit=limit),
        message_en=en.format(title_en=title_en, limit=limit),
    )
