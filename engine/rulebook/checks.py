"""What is wrong within one rule file beyond its schema: rows, tiers, bands, parts of a whole, times.

The checks look at plain values and skip what the schema has refused, so that one run reports everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import FactType
from engine.rulebook.dated import instant_of
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.facts import fact_findings
from engine.rulebook.grid import CELLS, is_always
from engine.rulebook.kinds import HitPolicy, Kind, KindCheck, ShapeName
from engine.rulebook.rules import matches
from engine.rulebook.sequences import check_sequence
from engine.rulebook.wording import finding

_SINGLE_RESULT = (HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.ANY)


def check_rule_file(document: Document, kind: Kind) -> tuple[Diagnostic, ...]:
    """Return every finding about the values of one rule file."""
    found = [*_effective(document), *_path(document, kind), *_scope(document, kind)]
    if kind.shape == ShapeName.TABLE:
        found.extend(_rows(document, kind))
    if kind.shape == ShapeName.SCORED:
        found.extend(_scored(document))
    for check in kind.checks:
        if check.check in _CHECKS:
            found.extend(_CHECKS[check.check](document, kind, check))
    return tuple(found)


def items(value: Any) -> list[Any]:
    """Return `value` if it is a list, else nothing."""
    return value if isinstance(value, list) else []


def rate_of(value: Any) -> Decimal | None:
    """Return the rate written in `value`, or None when it is not one."""
    if not isinstance(value, str):
        return None
    try:
        rate = Decimal(value)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() else None


def _effective(document: Document) -> Iterator[Diagnostic]:
    effective = document.value.get("effective")
    if not isinstance(effective, dict):
        return
    for key in ("from", "to"):
        text = effective.get(key)
        if isinstance(text, str) and instant_of(text) is None:
            hint = (
                "写成 2025-03-01T00:00:00+08:00，日期要真实存在",
                "write 2025-03-01T00:00:00+08:00, a real date",
            )
            place = document.location(("effective", key))
            yield finding("SCHEMA_FORMAT", place, hint=hint, field=key, value=text, pattern="RFC 3339")
    start, end = instant_of(effective.get("from")), instant_of(effective.get("to"))
    if start and end and end <= start:
        place = document.location(("effective", "to"))
        yield finding("EFFECTIVE_ORDER", place, to=effective["to"], from_=effective["from"])


def _path(document: Document, kind: Kind) -> Iterator[Diagnostic]:
    rule_id = document.value.get("id")
    expected = f"rules/{kind.name}/{rule_id}.yaml"
    if isinstance(rule_id, str) and document.path != expected:
        yield finding("PATH_MISMATCH", document.location(("id",)), expected=expected)


def _scope(document: Document, kind: Kind) -> Iterator[Diagnostic]:
    scope = document.value.get("scope")
    for key in scope if isinstance(scope, dict) else ():
        if key not in kind.scope:
            place, allowed = document.key_location(("scope", key)), ", ".join(kind.scope)
            yield finding("SCHEMA_UNKNOWN_FIELD", place, length=len(key), field=key, allowed=allowed)


def _outputs(document: Document, kind: Kind, rows: list[Any]) -> Iterator[Diagnostic]:
    """Yield every output that the kind does not name, if it names any."""
    known = ("when", CELLS, *kind.outputs)
    for number, row in enumerate(rows if kind.outputs else ()):
        for key in row if isinstance(row, dict) else ():
            if key not in known:
                place = document.key_location(("spec", "rows", number, key))
                allowed = ", ".join(known)
                yield finding("SCHEMA_UNKNOWN_FIELD", place, length=len(key), field=key, allowed=allowed)


def _rows(document: Document, kind: Kind) -> Iterator[Diagnostic]:
    spec = document.value.get("spec")
    rows = items(spec.get("rows")) if isinstance(spec, dict) else []
    yield from _outputs(document, kind, rows)
    for number, row in enumerate(rows):
        if isinstance(row, dict) and "when" in row and CELLS in row:
            yield finding("GRID_BOTH", document.key_location(("spec", "rows", number, CELLS)))
    always = [n for n, row in enumerate(rows) if isinstance(row, dict) and is_always(row)]
    if kind.complete and kind.hit_policy in _SINGLE_RESULT and rows and len(rows) - 1 not in always:
        yield finding("NO_DEFAULT_ROW", document.location(("spec", "rows", len(rows) - 1)))
    if kind.hit_policy == HitPolicy.FIRST and always and always[0] < len(rows) - 1:
        place = document.location(("spec", "rows", always[0]))
        if "when" in rows[always[0]]:
            place = document.text_location(("spec", "rows", always[0], "when"))
        yield finding("ROW_UNREACHABLE", place, row=always[0] + 1)


def _scored(document: Document) -> Iterator[Diagnostic]:
    spec = document.value.get("spec")
    if not isinstance(spec, dict):
        return
    seen: dict[str, int] = {}
    for number, rule in enumerate(items(spec.get("rules"))):
        rule_id = rule.get("id") if isinstance(rule, dict) else None
        if not isinstance(rule_id, str):
            continue
        place = document.location(("spec", "rules", number, "id"))
        if rule_id in seen:
            yield finding("ID_DUPLICATE", place, id=rule_id, other=f"{document.path}:{seen[rule_id]}")
        seen.setdefault(rule_id, place.line)
    former = None
    for number, band in enumerate(items(spec.get("score_bands"))):
        bound = band.get("min") if isinstance(band, dict) else None
        if not isinstance(bound, int):
            continue
        if former is not None and bound <= former:
            place = document.location(("spec", "score_bands", number, "min"))
            yield finding("BAND_ORDER", place, bound=bound, former=former)
        former = bound


def _tiers(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    for pattern in check.at:
        for found, tiers in matches(document.value.get("spec"), pattern):
            if isinstance(tiers, dict):
                pointer: Pointer = ("spec", *found)
                yield from _tier_fact(document, kind, pointer, tiers)
                yield from _tier_rows(document, pointer, items(tiers.get("rows")))


def _tier_fact(
    document: Document, kind: Kind, pointer: Pointer, tiers: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    name = tiers.get("by")
    if not isinstance(name, str):
        return
    by = (*pointer, "by")
    yield from fact_findings(
        document=document, pointer=by, name=name, vocabulary=kind.vocabulary, kind=kind.name
    )
    fact = kind.vocabulary.facts.get(name)
    if fact is not None and fact.type != FactType.INT:
        place = document.location(by)
        yield finding(
            "FACT_TYPE", place, fact=name, expected="整数", expected_en="a whole number", value=fact.type
        )


def _tier_rows(document: Document, pointer: Pointer, rows: list[Any]) -> Iterator[Diagnostic]:
    former = 0
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        at = (*pointer, "rows", number)
        upto = row.get("upto_fen")
        is_last = number == len(rows) - 1
        if upto is None and not is_last:
            detail, detail_en = f"第 {number + 1} 档没有 upto_fen", f"tier {number + 1} has no upto_fen"
            yield finding("TIER_GAP", document.location(at), detail=detail, detail_en=detail_en)
        elif upto is not None and is_last:
            detail, detail_en = f"{upto} 以上没有费率", f"no rate above {upto}"
            yield finding(
                "TIER_GAP", document.location((*at, "upto_fen")), detail=detail, detail_en=detail_en
            )
        if isinstance(upto, int):
            if upto <= former:
                yield finding("TIER_ORDER", document.location((*at, "upto_fen")), upto=upto, former=former)
            former = upto


def _sum_at_most_one(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    found = [pair for pattern in check.at for pair in matches(document.value.get("spec"), pattern)]
    parts = [(pointer, rate) for pointer, value in found if (rate := rate_of(value)) is not None]
    total = sum((rate for _, rate in parts), Decimal(0))
    if total > 1:
        # The part that passes the whole is the one to look at first.
        running, last = Decimal(0), parts[-1][0]
        for pointer, rate in parts:
            running += rate
            if running > 1:
                last = pointer
                break
        shown = " + ".join(str(rate) for _, rate in parts)
        place = document.location(("spec", *last))
        yield finding(
            "SPLIT_OVER_100", place, length=document.mark(("spec", *last)).length, total=total, parts=shown
        )


_CHECKS: Mapping[str, Callable[[Document, Kind, KindCheck], Iterator[Diagnostic]]] = {
    "tiers": _tiers,
    "sum_at_most_one": _sum_at_most_one,
    "sequence": check_sequence,
}
