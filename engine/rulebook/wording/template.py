"""What one code says, as templates (`str.format`)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Wording:
    """What one code says: message and what to do, in both languages."""

    zh: str
    en: str
    hint_zh: str
    hint_en: str
    severity: Severity = Severity.ERROR
