"""Findings about YAML, conditions and forms: what is wrong, where exactly, and what to write instead.

Findings are returned, never raised. Every finding has Chinese and English text.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["zh", "en"]


class Severity(StrEnum):
    """How much a finding hurts: an ERROR stops a release, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file; line and column count characters from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def moved_to(self, *, text: str, offset: int) -> Location:
        """Return where `text[offset]` lies when `text` begins here.

        Lines after the first are taken to begin at this column, as they do in a YAML block scalar (`|`).
        """
        before = text[:offset]
        line_start = before.rfind("\n") + 1
        return Location(
            file=self.file, line=self.line + before.count("\n"), column=self.column + offset - line_start
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. `length` is how many characters the caret underlines."""

    code: str
    severity: Severity
    location: Location
    message: str
    hint: str = ""
    length: int = 1
    message_en: str = ""
    hint_en: str = ""

    def render(self, source: str | None, *, language: Language = "zh") -> str:
        """Return the finding as a compiler shows it; `source` is the whole file's text, or None."""
        message, hint = self._text(language)
        lines = [f"{self.location}: {self.severity.value} {self.code}: {message}"]
        shown = _line(source, self.location.line)
        if shown is not None:
            lines += [f"  {shown}", f"  {_underline(shown, self.location.column, self.length)}"]
        if hint:
            lines.append(f"  {hint}")
        return "\n".join(lines)

    def _text(self, language: Language) -> tuple[str, str]:
        if language == "en":
            return self.message_en or self.message, self.hint_en or self.hint
        return self.message, self.hint


def _line(source: str | None, line: int) -> str | None:
    if source is None:
        return None
    # Not splitlines(): it also breaks at characters that YAML and CEL do not count as line ends.
    lines = source.split("\n")
    return lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else None


def _underline(shown: str, column: int, length: int) -> str:
    """Carets under the place; each wide character is padded with a wide blank so that they line up."""
    before, marked = shown[: column - 1], shown[column - 1 : column - 1 + length]
    padding = "".join("\t" if one == "\t" else "\u3000" if _is_wide(one) else " " for one in before)
    return padding + "".join("^^" if _is_wide(one) else "^" for one in marked or " ")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")
