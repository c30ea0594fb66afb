"""Checks between plain fields of one rule file, which any kind may ask for by name (docs/rules.md).

They say what JSON Schema cannot: that parts make a whole, that numbers rise, that a name is declared
elsewhere in the file. Each skips what the schema has refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import compile_condition
from engine.rulebook.checks import rate_of
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.facts import fact_findings
from engine.rulebook.kinds import Kind, KindCheck
from engine.rulebook.rules import matches
from engine.rulebook.schemas import nearest
from engine.rulebook.wording import finding


def check_fields(document: Document, kind: Kind) -> tuple[Diagnostic, ...]:
    """Return every finding of the checks that the kind asks for and that are declared here."""
    return tuple(
        found
        for check in kind.checks
        if check.check in _CHECKS
        for found in _CHECKS[check.check](document, kind, check)
    )


def _sum_is(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Whole numbers that are parts of `total`, such as basis points of 10000."""
    parts = [(at, value) for at, value in _found(document, check) if isinstance(value, int)]
    added = sum(value for _, value in parts)
    if parts and added != check.total:
        shown = " + ".join(str(value) for _, value in parts)
        yield finding("SPLIT_SUM", document.location(parts[-1][0]), sum=added, parts=shown, total=check.total)


def _unique(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Texts of which none may stand twice in its list."""
    seen: dict[tuple[Pointer, str], int] = {}
    for at, value in _found(document, check):
        if isinstance(value, str):
            place = document.location(at)
            key = (_list_of(at), value)
            if key in seen:
                yield finding("ID_DUPLICATE", place, id=value, other=f"{document.path}:{seen[key]}")
            seen.setdefault(key, place.line)


def _rising(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Numbers that rise from item to item of their list."""
    former: dict[Pointer, int | Decimal] = {}
    for at, value in _found(document, check):
        number = _number(value)
        if number is not None:
            before = former.get(_list_of(at))
            if before is not None and number <= before:
                place = document.location(at)
                yield finding("NOT_RISING", place, field=_name(at), value=number, former=before)
            former[_list_of(at)] = number


def _from_before_to(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Hours of one day, `{from, to}` or `[from, to]`: what passes midnight is two windows."""
    for at, value in _found(document, check):
        first, last = ("from", "to") if isinstance(value, dict) else (0, 1)
        start, end = _value_at(value, (first,)), _value_at(value, (last,))
        if isinstance(start, str) and isinstance(end, str) and end <= start:
            yield finding("TIME_ORDER", document.location((*at, last)), start=start, end=end)


def _named_in(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Names declared elsewhere in the file: the keys of a mapping, or the texts at a path."""
    declared = [value for _, value in matches(document.value.get("spec"), check.against)]
    names = [name for value in declared for name in (value if isinstance(value, dict) else (value,))]
    known = [name for name in names if isinstance(name, str)]
    for at, value in _found(document, check):
        if isinstance(value, str) and value not in known:
            close = nearest(value, known)
            hint = (f"是否想写 {close}？", f"did you mean {close}?") if close else None
            where, allowed = ".".join(check.against), ", ".join(known) or "—"
            place = document.location(at)
            yield finding(
                "NAME_UNKNOWN", place, length=len(value), hint=hint, name=value, where=where, allowed=allowed
            )


def _less_than(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Numbers below another field."""
    yield from _compared(document, check, strictly=True)


def _at_most(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Numbers not above another field."""
    yield from _compared(document, check, strictly=False)


def _compared(document: Document, check: KindCheck, *, strictly: bool) -> Iterator[Diagnostic]:
    for pattern in check.at:
        for below, value in matches(document.value.get("spec"), pattern):
            path = _beside(below, pattern, check.against)
            number, limit = _number(value), _number(_value_at(document.value["spec"], path))
            if number is None or limit is None:
                continue
            if number > limit or (strictly and number == limit):
                at = ("spec", *below)
                yield finding(
                    "OVER_LIMIT",
                    document.location(at),
                    length=document.mark(at).length,
                    field=_name(at),
                    value=number,
                    sign="<" if strictly else "≤",
                    other=".".join(str(part) for part in path),
                    limit=limit,
                )


def _facts_named(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Facts named outside a condition, such as the key by which tasks are told apart."""
    for at, value in _found(document, check):
        if isinstance(value, str):
            yield from fact_findings(
                document=document, pointer=at, name=value, vocabulary=kind.vocabulary, kind=kind.name
            )


def _reads_none_of(document: Document, kind: Kind, check: KindCheck) -> Iterator[Diagnostic]:
    """Facts that the conditions at `against` may not read, whatever the kind may."""
    forbidden = {value for _, value in _found(document, check) if isinstance(value, str)}
    for below, source in matches(document.value.get("spec"), check.against):
        place = document.text_location(("spec", *below))
        if isinstance(source, str):
            condition, _ = compile_condition(source=source, vocabulary=kind.vocabulary, location=place)
            for name in sorted(condition.reads & forbidden if condition else ()):
                yield finding("FACT_FORBIDDEN", place, length=len(source), fact=name, field=check.at[0][0])


_CHECKS: Mapping[str, Callable[[Document, Kind, KindCheck], Iterator[Diagnostic]]] = {
    "at_most": _at_most,
    "facts_named": _facts_named,
    "from_before_to": _from_before_to,
    "less_than": _less_than,
    "named_in": _named_in,
    "reads_none_of": _reads_none_of,
    "rising": _rising,
    "sum_is": _sum_is,
    "unique": _unique,
}


def _found(document: Document, check: KindCheck) -> Iterator[tuple[Pointer, Any]]:
    """Yield what stands at the check's paths, with its pointer into the whole file."""
    for pattern in check.at:
        for below, value in matches(document.value.get("spec"), pattern):
            yield ("spec", *below), value


def _beside(below: Pointer, pattern: tuple[str, ...], against: tuple[str, ...]) -> Pointer:
    """Return `against` with each * as the item that the * of `pattern` stood for: the same row."""
    stood_for = iter(part for part, written in zip(below, pattern, strict=True) if written == "*")
    return tuple(next(stood_for) if part == "*" else part for part in against)


def _value_at(value: Any, path: Pointer) -> Any:
    """Return what stands at the path below `value`, None where nothing does."""
    for part in path:
        is_there = part in value if isinstance(value, dict) else _is_index(value, part)
        if not is_there:
            return None
        value = value[part]
    return value


def _is_index(value: Any, part: str | int) -> bool:
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _list_of(at: Pointer) -> Pointer:
    """Return the list that holds the item at or around `at`, `at` itself if none does."""
    indices = [place for place, part in enumerate(at) if isinstance(part, int)]
    return at[: indices[-1]] if indices else at


def _name(at: Pointer) -> str:
    """Return what to call a place: its key, or that of its list and the number of the item."""
    last = at[-1]
    return f"{at[-2]} #{last + 1}" if isinstance(last, int) else last


def _number(value: Any) -> int | Decimal | None:
    """Return a whole number or a rate; None for what is neither."""
    return value if isinstance(value, int) else rate_of(value)
