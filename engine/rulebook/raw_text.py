"""The text of a YAML file before it is parsed: bytes to text, what forbids parsing, what the parser says."""

from __future__ import annotations

import re

import yaml

from engine.diagnostics import Diagnostic, Location
from engine.rulebook.wording import finding

MAX_BYTES = 1_000_000

_PROBLEMS = {
    "did not find expected key": "这里应当是一个键",
    "mapping values are not allowed": "这里不能再有冒号；文字里含冒号时要加引号",
    "found character that cannot start any token": "这个字符不能开头；请给文字加引号",
    "did not find expected ',' or ']'": "方括号里缺少逗号，或没有用 ] 结束",
    "did not find expected ',' or '}'": "花括号里缺少逗号，或没有用 } 结束",
    "found unexpected end of stream": "文件意外结束，可能有引号没有闭合",
    "could not find expected ':'": "键的后面缺少冒号",
    "block sequence entries are not allowed": "这里不能写列表项 -",
    "did not find expected '-' indicator": "这里应当是列表项 -",
    "found unknown escape character": "双引号里的反斜杠写法不对；可改用单引号",
}
# What decoding leaves of bytes that are no UTF-8, by whichever way it was told to go on.
_UNDECODED = re.compile("[\ud800-\udfff\ufffd]")
_CONFLICT = re.compile(r"^<{7} .*?(?:^>{7} .*?$|\Z)", re.MULTILINE | re.DOTALL)
_INDENT_TAB = re.compile(r"^ *\t", re.MULTILINE)


def decode(*, path: str, raw: bytes) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return the text of `raw`, or the finding that says where it stops being UTF-8."""
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        return None, (finding("YAML_NOT_UTF8", place_at(path, before, len(before))),)


def refused_text(path: str, text: str) -> tuple[Diagnostic, ...]:
    """Return what forbids even parsing the text."""
    undecoded = _UNDECODED.search(text)
    if undecoded:
        return (finding("YAML_NOT_UTF8", place_at(path, text, undecoded.start())),)
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        return (finding("YAML_TOO_LARGE", Location(file=path, line=1, column=1), limit=MAX_BYTES),)
    if text.startswith("\ufeff"):
        return (finding("YAML_BOM", Location(file=path, line=1, column=1)),)
    conflicts = merge_conflicts(path=path, text=text)
    return conflicts or tuple(
        finding("YAML_TAB", place_at(path, text, match.end() - 1)) for match in _INDENT_TAB.finditer(text)
    )


def merge_conflicts(*, path: str, text: str) -> tuple[Diagnostic, ...]:
    """Return a finding for each conflict that a merge has left in the text."""
    found = []
    for match in _CONFLICT.finditer(text):
        place = place_at(path, text, match.start())
        end = place.line + match.group().count("\n")
        found.append(finding("MERGE_MARKERS", place, length=7, line=place.line, end=end))
    return tuple(found)


def place_at(path: str, text: str, position: int) -> Location:
    """Return the line and column of a position in the text."""
    line = text.count("\n", 0, position) + 1
    return Location(file=path, line=line, column=position - (text.rfind("\n", 0, position) + 1) + 1)


def syntax_finding(path: str, error: yaml.MarkedYAMLError) -> Diagnostic:
    """Return the parser's complaint in words."""
    mark = error.problem_mark or error.context_mark
    location = Location(file=path, line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1)
    problem = str(error.problem)
    said = next((zh for start, zh in _PROBLEMS.items() if problem.startswith(start)), problem)
    return finding("YAML_SYNTAX", location, problem=said, problem_en=problem)


def control_character(path: str, text: str, position: int) -> Diagnostic:
    """Return the finding about what the parser could not read at byte `position`."""
    # libyaml counts bytes; the character itself is what it could not read.
    before = text.encode()[:position].decode(errors="ignore")
    code = f"U+{ord(text[len(before)]):04X}" if len(before) < len(text) else "U+0000"
    return finding(
        "YAML_SYNTAX",
        place_at(path, text, len(before)),
        problem=f"不可见的控制字符 {code}",
        problem_en=f"the control character {code}",
    )
