"""Collects the findings about one condition and gives each its place and both its texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from engine.diagnostics import Diagnostic, Location, Severity
from engine.expressions.decoded import Decoded

_NAME_BEFORE = re.compile(r"[A-Za-z_]\w*\s*\Z")
_TOKEN = re.compile(
    r"""[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"|\d[\w.]*|\.\d\w*|[A-Za-z_]\w*|[=!<>]=|&&|\|\||.",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The findings so far; one a place and code. Offsets count characters of `source` from 0."""

    source: str
    location: Location
    _found: dict[tuple[int, str], Diagnostic] = field(default_factory=dict)

    def add(
        self, code: str, span: tuple[int, int], zh: str, en: str, *, hint_zh: str = "", hint_en: str = ""
    ) -> None:
        """Record an error at `span` = (offset, length), cut at the end of its line."""
        offset, length = span
        line = self.source[offset : offset + length].partition("\n")[0]
        diagnostic = Diagnostic(
            code=code,
            severity=Severity.ERROR,
            location=self.location.moved_to(text=self.source, offset=offset),
            length=max(1, len(line)),
            message=zh,
            message_en=en,
            hint=hint_zh,
            hint_en=hint_en,
        )
        self._found.setdefault((offset, code), diagnostic)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the findings in the order of their places."""
        return tuple(self._found[key] for key in sorted(self._found))

    def touches(self, node: Decoded) -> bool:
        """Whether something at or below the node was reported already."""
        reported = {offset for offset, _ in self._found}
        return any(self.span(one)[0] in reported for one in node.walk())

    def span(self, node: Decoded) -> tuple[int, int]:
        """Return what to underline: the name or operator of a call, a dotted name or a literal whole."""
        if node.kind in ("select", "ident"):
            first = node
            while first.kind == "select":
                first = first.children[0]
            last_name = self.source.find(node.name, node.offset) if node.kind == "select" else node.offset
            return first.offset, last_name + len(node.name) - first.offset
        return self.token(node.offset)

    def token(self, offset: int) -> tuple[int, int]:
        """Return the span of the token at an offset; at a `(`, of the name called."""
        if self.source[offset : offset + 1] == "(":
            name = _NAME_BEFORE.search(self.source[:offset])
            if name:
                return name.start(), len(name.group().rstrip())
        match = _TOKEN.match(self.source, offset)
        return offset, len(match.group()) if match else 1


def nearest(word: str, candidates: tuple[str, ...]) -> str:
    """Return the candidate most like a word, "" if none is."""
    return next(iter(get_close_matches(word, candidates, n=1, cutoff=0.6)), "")
