"""Values that change on a date: a list where one value could stand, each with the reason for it.

    rate:
      - {from: 2025-01-01, value: "0.0038", reference: 董事会 2024-12 决议, last_verified: 2025-01-15}
      - {from: 2025-07-01, value: "0.0040", reference: 董事会 2025-06 决议}

A value holds from the beginning of its day, at the offset of effective.from, until the next one begins. A
rule file is cut here into stretches over which all its values stand still. Each is a document of plain
values, so that nothing that decides, checks, proves or prices need know of dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from engine.diagnostics import Diagnostic, Language
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.wording import finding


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue:
    """One value of a list of dated ones: `[since, until)` in days, and why it is so; `at` is below spec."""

    at: Pointer
    value: Any
    since: date
    until: date | None
    reference: str
    last_verified: str
    line: int

    def words(self, *, language: Language = "zh") -> str:
        """Return the value with its time and its reason."""
        name, until = self.at[-1], self.until.isoformat() if self.until else ""
        if language == "en":
            ends = f" until {until}" if until else " on"
            checked = f", last verified {self.last_verified}" if self.last_verified else ""
            return f"{name} {self.value} from {self.since}{ends}: {self.reference}{checked}"
        ends = f"至 {until}（不含）" if until else "起"
        checked = f"，最近核对 {self.last_verified}" if self.last_verified else ""
        return f"{name} {self.value}，{self.since} {ends}，依据：{self.reference}{checked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A rule file as it reads from `start` on; None is the start of the version itself."""

    start: datetime | None
    document: Document
    dated: tuple[DatedValue, ...]


def stretches(document: Document) -> tuple[tuple[Stretch, ...], tuple[Diagnostic, ...]]:
    """Return the stretches of one version in order, at least one, and what is wrong with its dates."""
    spec = document.value.get("spec")
    lists = {at: _values(document, at, written) for at, written in _found(spec)}
    if not lists:
        return (Stretch(start=None, document=document, dated=()),), ()
    findings = [one for at in lists for one in _wrong(document, at)]
    start, end = _effective(document)
    starts: list[datetime] = []
    if start is not None:
        days = {one.since for values in lists.values() for one in values}
        begins = (datetime.combine(day, time(), start.tzinfo) for day in sorted(days))
        starts = [one for one in begins if one > start and (end is None or one < end)]
        findings += [one for at, values in lists.items() for one in _gap(document, at, values, start)]
    cut = tuple(_stretch(document, lists, start, own) for own in (None, *starts))
    return cut, tuple(findings)


def _found(value: Any, at: Pointer = ()) -> Iterator[tuple[Pointer, list[Mapping[str, Any]]]]:
    """Yield every list of dated values, with its pointer below spec."""
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and {"from", "value"} <= item.keys() for item in value):
            yield at, value
            return
        for number, item in enumerate(value):
            yield from _found(item, (*at, number))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _found(item, (*at, key))


def _values(document: Document, at: Pointer, written: list[Mapping[str, Any]]) -> tuple[DatedValue, ...]:
    """Return the values that have a date, in the order of the file."""
    days = [(number, day) for number, item in enumerate(written) if (day := _day(item["from"]))]
    untils = [*(day for _, day in days[1:]), None][: len(days)]
    return tuple(
        DatedValue(
            at=at,
            value=written[number]["value"],
            since=day,
            until=until,
            reference=str(written[number].get("reference", "")),
            last_verified=str(written[number].get("last_verified", "")),
            line=document.mark(("spec", *at, number, "value")).line,
        )
        for (number, day), until in zip(days, untils, strict=True)
    )


def _wrong(document: Document, at: Pointer) -> Iterator[Diagnostic]:
    """Yield the dates that do not exist, and those that do not follow the one before."""
    written = document.value["spec"]
    for part in at:
        written = written[part]
    days = [_day(item["from"]) for item in written]
    for number, day in enumerate(days):
        if day is None:
            hint = ("写成 2025-07-01，日期要真实存在", "write 2025-07-01, a real date")
            place, value = document.location(("spec", *at, number, "from")), written[number]["from"]
            yield finding("SCHEMA_FORMAT", place, hint=hint, field="from", value=value, pattern="YYYY-MM-DD")
    for number, (former, day) in enumerate(pairwise(days), start=1):
        if former is not None and day is not None and day <= former:
            place = document.location(("spec", *at, number, "from"))
            yield finding("NOT_RISING", place, length=10, field="from", value=day, former=former)


def _gap(
    document: Document, at: Pointer, values: tuple[DatedValue, ...], start: datetime
) -> Iterator[Diagnostic]:
    first = min((one.since for one in values), default=None)
    if first is not None and datetime.combine(first, time(), start.tzinfo) > start:
        place = document.location(("spec", *at, 0, "from"))
        yield finding("DATED_GAP", place, length=10, field=at[-1], start=start.isoformat(), first=first)


def _stretch(
    document: Document,
    lists: Mapping[Pointer, tuple[DatedValue, ...]],
    start: datetime | None,
    own: datetime | None,
) -> Stretch:
    """Return the document with each list replaced by its value at `own`, or at the version's `start`."""
    begins = own or start
    day = begins.date() if begins else date.min
    chosen = {at: _in_force(values, day) for at, values in lists.items()}
    marks = dict(document.marks)
    for one in filter(None, chosen.values()):
        number = lists[one.at].index(one)
        marks["spec", *one.at] = document.mark(("spec", *one.at, number, "value"))
    value = {**document.value, "spec": _resolved(document.value["spec"], chosen)}
    dated = tuple(one for one in chosen.values() if one is not None)
    return Stretch(start=own, document=replace(document, value=value, marks=marks), dated=dated)


def _in_force(values: tuple[DatedValue, ...], day: date) -> DatedValue | None:
    """Return the newest value that has begun; before the first, the first: a finding says so already."""
    begun = [one for one in values if one.since <= day]
    return max(begun, key=lambda one: one.since) if begun else next(iter(values), None)


def _resolved(value: Any, chosen: Mapping[Pointer, DatedValue | None], at: Pointer = ()) -> Any:
    if at in chosen:
        one = chosen[at]
        return value if one is None else one.value
    if isinstance(value, dict):
        return {key: _resolved(item, chosen, (*at, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, chosen, (*at, number)) for number, item in enumerate(value)]
    return value


def _effective(document: Document) -> tuple[datetime | None, datetime | None]:
    effective = document.value.get("effective")
    written = effective if isinstance(effective, dict) else {}
    start, end = (instant_of(written.get(key)) for key in ("from", "to"))
    return start, end


def instant_of(value: Any) -> datetime | None:
    """Return the aware instant written in `value`, or None when it is not one."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant is not None and instant.tzinfo is not None else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None
