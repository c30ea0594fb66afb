"""Every finding that the rulebook can report: its code and what it says in Chinese and in English.

One module for each thing a finding can be about. `docs/rules.md` explains the same codes; a test keeps them
equal. Findings about the text of a condition come from engine.expressions and are not listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.diagnostics import Diagnostic, Location
from engine.rulebook.wording.content import CONTENT
from engine.rulebook.wording.evidence import EVIDENCE
from engine.rulebook.wording.periods import PERIODS
from engine.rulebook.wording.shape import SHAPE
from engine.rulebook.wording.template import Wording
from engine.rulebook.wording.text import TEXT

CATALOGUE: Mapping[str, Wording] = MappingProxyType({**TEXT, **SHAPE, **CONTENT, **PERIODS, **EVIDENCE})


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
