"""The official compiler's complaints as our findings: our codes, exact spans, Chinese, and what to do."""

from __future__ import annotations

import re
import unicodedata

from engine.expressions.decoded import Decoded
from engine.expressions.official import Complaint
from engine.expressions.report import Report, nearest
from engine.expressions.subset import FUNCTIONS, dotted, report_cost
from engine.expressions.vocabulary import Vocabulary

_UNDECLARED = re.compile(r"undeclared reference to '(.+?)'")
_NO_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '\(?(.*?)\)?'\Z")
_NO_MEMBER = re.compile(r"expression of type '(.+?)' cannot be the operand of a select operation")
_UNEXPECTED = re.compile(r"(?:input|error at:) '(.*?)'(?: expecting.*)?\Z", re.DOTALL)

_TYPES_ZH = {
    "int": "整数",
    "bool": "是否",
    "string": "文本",
    "timestamp": "时间",
    "duration": "时长",
    "double": "小数",
    "list(string)": "文本列表",
    "list(int)": "整数列表",
}
_SYNTAX_HINTS = {
    "and": ("“且”写作 &&", "write && for and"),
    "AND": ("“且”写作 &&", "write && for and"),
    "or": ("“或”写作 ||", "write || for or"),
    "OR": ("“或”写作 ||", "write || for or"),
    "not": ("“非”写作 !", "write ! for not"),
    "=": ("“等于”写作 ==", "write == for equals"),
    "<>": ("“不等于”写作 !=", "write != for not equal"),
    "&": ("“且”写作 &&", "write && for and"),
    "|": ("“或”写作 ||", "write || for or"),
    "<EOF>": ("后面还缺内容，或括号没有闭合", "something is missing at the end, or a bracket is open"),
}


_QUOTES = ("'", '"')
_UNCLOSED = ("引号没有闭合，或反斜杠后的字符不对", "a quote is open, or what follows a backslash is wrong")


def report_unparsed(*, complaints: tuple[Complaint, ...], report: Report) -> None:
    """Report why a text does not parse: the first complaint, since the parser's later ones follow from it."""
    first = complaints[0]
    if "recursion" in first.message:
        report_cost(report, (0, len(report.source)), "嵌套太深", "nested too deep")
        return
    if first.message.startswith(("has()", "unsupported syntax")):
        report.add(
            "UNSUPPORTED",
            report.token(first.offset),
            "不支持可选值",
            "optional values are not supported",
            hint_zh="每个事实都有默认值，直接比较",
            hint_en="every fact has a default; compare it directly",
        )
        return
    _report_syntax(first.message, first.offset, report)


def report_unchecked(
    *, complaints: tuple[Complaint, ...], tree: Decoded, vocabulary: Vocabulary, report: Report
) -> None:
    """Report unknown names and wrong types, except where the subset check has refused the place already."""
    for complaint in complaints:
        offset = complaint.offset
        at = tuple(node for node in tree.walk() if node.offset == offset)
        undeclared = _UNDECLARED.search(complaint.message)
        if undeclared:
            if report.source[offset : offset + 1] != "(" and not _inside_refused_call(tree, offset, report):
                _report_unknown(undeclared.group(1), _name_span(at, offset, report), vocabulary, report)
        elif _NO_MEMBER.search(complaint.message):
            name = next((dotted(node) for node in at if dotted(node)), "")
            _report_unknown(
                name or report.source[offset:], _name_span(at, offset, report), vocabulary, report
            )
        elif not any(report.touches(node) for node in at):
            _report_mismatch(complaint.message, offset, report)


def type_zh(name: str) -> str:
    """Return a type's Chinese name."""
    return _TYPES_ZH.get(name, name)


def _name_span(at: tuple[Decoded, ...], offset: int, report: Report) -> tuple[int, int]:
    named = next(
        (node for node in at if node.kind in ("select", "ident") and not node.name.startswith("@")), None
    )
    return report.span(named) if named else report.token(offset)


def _inside_refused_call(tree: Decoded, offset: int, report: Report) -> bool:
    """Whether the name may be a variable of an unsupported macro, such as x in `list.exists(x, i, …)`."""
    for call in tree.walk():
        if call.kind == "call" and call.name not in FUNCTIONS and report.touches(call):
            variables = {operand.name for operand in call.children if operand.kind == "ident"}
            if any(one.offset == offset and one.name in variables for one in call.walk()):
                return True
    return False


def _report_unknown(name: str, span: tuple[int, int], vocabulary: Vocabulary, report: Report) -> None:
    if name in vocabulary.withheld:
        report.add(
            "FACT_WITHHELD",
            span,
            f"这类规则不能读取 {name}",
            f"this kind of rule may not read {name}",
            hint_zh=f"可读：{'、'.join(vocabulary.namespaces)}",
            hint_en=f"it may read {', '.join(vocabulary.namespaces)}",
        )
        return
    close = nearest(name, tuple(vocabulary.facts))
    report.add(
        "FACT_UNKNOWN",
        span,
        f"没有名为 {name} 的事实",
        f"there is no fact named {name}",
        hint_zh=f"是不是 {close}？" if close else "事实在 rules/facts.yaml 中声明",
        hint_en=f"did you mean {close}?" if close else "facts are declared in rules/facts.yaml",
    )


def _report_mismatch(message: str, offset: int, report: Report) -> None:
    span = report.token(offset)
    found = _NO_OVERLOAD.search(message)
    if not found:
        report.add("TYPE_MISMATCH", span, f"类型不符：{message}", f"types do not match: {message}")
        return
    if report.source[offset] == "(" and found.group(1) in ("_&&_", "_||_"):
        report.add(
            "TYPE_MISMATCH",
            span,
            "括号里的条件必须得出“是”或“否”",
            "the condition inside must yield true or false",
        )
        return
    types = re.findall(r"[a-z]+(?:\([^()]*\))?", found.group(2))
    shown = report.source[span[0] : span[0] + span[1]]
    report.add(
        "TYPE_MISMATCH",
        span,
        f"类型不符：{shown} 不能用于 {'、'.join(type_zh(one) for one in types)}",
        f"types do not match: {shown} cannot be applied to {', '.join(types)}",
        hint_zh="文本加引号，整数不加；只能同类相比",
        hint_en="quote texts, not integers; compare like with like",
    )


def _report_syntax(message: str, offset: int, report: Report) -> None:
    if "invalid int literal" in message:
        hints = {"hint_zh": "用更小的整数", "hint_en": "use a smaller integer"}
        zh, en = "整数超出 64 位范围", "the integer exceeds 64 bits"
        report.add("CEL_SYNTAX", report.token(offset), zh, en, **hints)
        return
    found = _UNEXPECTED.search(message)
    unexpected = found.group(1).strip() if found else ""
    hint_zh, hint_en = _syntax_hint(unexpected)
    if unexpected == "<EOF>":
        zh, en = "条件没有写完", "the condition is incomplete"
    elif unexpected:
        zh, en = f"语法错误：不该出现 {unexpected}", f"syntax error: unexpected {unexpected}"
    else:
        plain = message.removeprefix("Syntax error: ")
        zh, en = f"语法错误：{plain}", f"syntax error: {plain}"
    at_end = unexpected == "<EOF>"
    length = 1 if at_end or not unexpected else len(unexpected)
    report.add("CEL_SYNTAX", (offset, length), zh, en, hint_zh=hint_zh, hint_en=hint_en)


def _syntax_hint(unexpected: str) -> tuple[str, str]:
    if unexpected in _SYNTAX_HINTS:
        return _SYNTAX_HINTS[unexpected]
    if unexpected.startswith(_QUOTES):
        return _UNCLOSED
    if unexpected and not unexpected.isascii():
        plain = unicodedata.normalize("NFKC", unexpected)
        if plain.isascii():
            return f"写半角 {plain}", f"write {plain}"
        return "事实名和运算符用半角英文；文字放进引号", "names and operators are ASCII; put texts in quotes"
    return "检查前后的运算符、引号和括号", "check operators, quotes and brackets around it"
