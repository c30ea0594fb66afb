"""What is wrong within a rule of kind `sequence`: steps, types of the key, lengths of time.

    key: [txn.payer_id, merchant.id]
    steps: {small: "txn.amount_fen <= 100", large: "txn.amount_fen >= 500000"}
    pattern: {first: small, then: large, within: 10m}

Names of steps and facts are checked by `named_in` and `facts_named`; running the rule is the affair of
engine.sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import FactType
from engine.rulebook.documents import Document
from engine.rulebook.facts import WINDOW_MAX_DAYS
from engine.rulebook.kinds import Kind, KindCheck
from engine.rulebook.schemas import shown
from engine.rulebook.wording import finding

KIND = "sequence"
LATENESS_MAX_DAYS = 1
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NAMES_STEPS = ("first", "then", "without")


def seconds_of(duration: str) -> int:
    """Return a length of time such as 10m as seconds. Raises ValueError, KeyError when it is none."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def check_sequence(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Yield every finding about the steps, the key and the times of one rule."""
    spec = document.value.get("spec")
    if not isinstance(spec, dict):
        return
    written = spec.get("pattern")
    pattern: Mapping[str, Any] = written if isinstance(written, dict) else {}
    yield from _steps(document, spec.get("steps"), pattern)
    yield from _key(document, kind, spec.get("key"))
    yield from _too_long(document, ("spec", "pattern", "within"), pattern.get("within"), WINDOW_MAX_DAYS)
    yield from _too_long(document, ("spec", "lateness"), spec.get("lateness"), LATENESS_MAX_DAYS)


def _steps(document: Document, steps: Any, pattern: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if not isinstance(steps, dict):
        return
    named = [pattern[field] for field in _NAMES_STEPS if field in pattern]
    for name, condition in steps.items():
        if named and name not in named:
            yield finding("STEP_UNUSED", document.key_location(("spec", "steps", name)), step=name)
        if isinstance(condition, str) and condition.strip() == "true":
            yield finding("STEP_ALWAYS", document.text_location(("spec", "steps", name)), step=name)


def _key(document: Document, kind: Kind, key: Any) -> Iterator[Diagnostic]:
    for number, name in enumerate(key if isinstance(key, list) else ()):
        at = ("spec", "key", number)
        fact = kind.vocabulary.facts.get(name) if isinstance(name, str) else None
        if fact is not None and fact.type not in (FactType.STRING, FactType.INT):
            place = document.location(at)
            expected, expected_en = "文字或整数", "text or a whole number"
            yield finding(
                "FACT_TYPE", place, fact=name, expected=expected, expected_en=expected_en, value=fact.type
            )
        elif fact is not None and not kind.supplies(fact.name):
            default = shown(fact.default)
            yield finding("FACT_NOT_SUPPLIED", document.location(at), fact=name, default=default)


def _too_long(
    document: Document, at: tuple[str, ...], duration: Any, limit_days: int
) -> Iterator[Diagnostic]:
    try:
        seconds = seconds_of(duration) if isinstance(duration, str) else 0
    except (ValueError, KeyError):
        return
    if seconds > limit_days * _SECONDS["d"]:
        hint = (f"缩短到 {limit_days} 天以内", f"at most {limit_days} days")
        yield finding("WINDOW_MAX", document.location(at), hint=hint, window=duration, limit=limit_days)
