"""What an author says must always be so: `prove:` in a rule file, conditions over facts and outputs.

    prove:
      - {name: 费率不超过上限, that: "output.rate_ppm <= 6000"}
      - {name: 小额不收最低费, when: "txn.settle_amount_fen < 1000", that: "output.min_fen == 0"}

An output is what the rule answers, as a fact `output.<name>`: a table's row (`output.row` counts from 0, as
tests do), the decision and score of scored rules, the plain values and conditions of a definition
(`caps.on_cap` is `output.caps_on_cap`). Rates end in `_ppm` and are whole millionths.
engine.rulebook.prove proves them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import Condition, Fact, FactType, Value, Vocabulary, compile_condition
from engine.rulebook.checks import rate_of
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.kinds import Kind, ShapeName
from engine.rulebook.own_schemas import NAME

OUTPUT = "output"
ROW = f"{OUTPUT}.row"
_WHOLE_PPM = 1_000_000
_CONDITIONS = ("when", "in")
_RATES = ("rate", "pct")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One of them: wherever `when` holds (always, if None), `that` does."""

    number: int
    name: str
    when: Condition | None
    that: Condition


def check_invariants(document: Document, kind: Kind) -> tuple[Diagnostic, ...]:
    """Return every finding in the invariants of a rule file."""
    return _compiled(document, kind)[1]


def invariants_of(document: Document, kind: Kind) -> tuple[Invariant, ...]:
    """Return the invariants of a rule file that has no findings."""
    return _compiled(document, kind)[0]


def outputs_of_row(row: Mapping[str, Any], number: int) -> dict[str, Value]:
    """Return the outputs of one row of a table as conditions read them."""
    found = {f"{OUTPUT}.{name}": value for name, value in _plain(row) if name not in _CONDITIONS}
    return {**found, ROW: number}


def outputs_of_spec(spec: Mapping[str, Any]) -> dict[str, Value]:
    """Return the plain values of a definition as conditions read them, its conditions as texts."""
    return {f"{OUTPUT}.{name}": value for name, value in _plain(spec)}


def output_name(pointer: Pointer) -> str:
    """Return the output that a pointer below spec is; one inside a list is none."""
    return f"{OUTPUT}.{'_'.join(str(part) for part in pointer)}"


def _compiled(document: Document, kind: Kind) -> tuple[tuple[Invariant, ...], tuple[Diagnostic, ...]]:
    written = document.value.get("prove")
    if not isinstance(written, list):
        return (), ()
    vocabulary = _vocabulary(document.value.get("spec"), kind)
    found: list[Invariant] = []
    findings: list[Diagnostic] = []
    for number, one in enumerate(written):
        if not isinstance(one, dict):
            continue
        parts: dict[str, Condition | None] = {}
        for key in ("when", "that"):
            if isinstance(one.get(key), str):
                place = document.text_location(("prove", number, key))
                parts[key], wrong = compile_condition(source=one[key], vocabulary=vocabulary, location=place)
                findings.extend(wrong)
        that = parts.get("that")
        if that is not None:
            name = str(one.get("name", f"#{number + 1}"))
            found.append(Invariant(number=number, name=name, when=parts.get("when"), that=that))
    return tuple(found), tuple(findings)


def _vocabulary(spec: Any, kind: Kind) -> Vocabulary:
    """Return the facts of the kind and the outputs of this rule."""
    facts = {fact.name: fact for fact in _outputs(spec, kind)}
    known = kind.vocabulary
    return Vocabulary(facts={**known.facts, **facts}, withheld=known.withheld)


def _outputs(spec: Any, kind: Kind) -> Iterator[Fact]:
    values: dict[str, Value] = {}
    if kind.shape == ShapeName.SCORED:
        yield _fact(f"{OUTPUT}.score", 0)
        yield _fact(f"{OUTPUT}.decision", kind.order[-1], kind.order)
    elif kind.shape == ShapeName.TABLE:
        rows = spec.get("rows") if isinstance(spec, dict) else None
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            values = {**outputs_of_row(row, number), **values} if isinstance(row, dict) else values
    elif isinstance(spec, dict):
        conditions = {output_name(pattern) for pattern in kind.conditions}
        values = {name: name in conditions or value for name, value in outputs_of_spec(spec).items()}
    for name, value in values.items():
        yield _fact(name, value)


def _fact(name: str, example: Value, values: tuple[str, ...] = ()) -> Fact:
    """An output as a fact; its type is that of a value it has."""
    unit = next((unit for unit in ("fen", "ppm") if name.endswith(f"_{unit}")), "")
    kind, default = FactType.STRING, example if values else ""
    if isinstance(example, int):
        is_bool = isinstance(example, bool)
        kind, default = (FactType.BOOL, False) if is_bool else (FactType.INT, 0)
    title = name.removeprefix(f"{OUTPUT}.")
    return Fact(
        name=name, type=kind, unit=unit, default=default, values=values,
        title=f"结果 {title}", title_en=f"output {title}",
    )  # fmt: skip


def _plain(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the numbers, texts and truth values of a mapping and of those in it, by their joined keys."""
    for key, item in value.items():
        name = before + str(key)
        if not re.fullmatch(NAME, name):
            continue
        if isinstance(item, dict):
            yield from _plain(item, f"{name}_")
        elif str(key).endswith(_RATES):
            rate = rate_of(item)
            if rate is not None:
                yield f"{name}_ppm", int(rate * _WHOLE_PPM)
        elif isinstance(item, bool | int | str):
            yield name, item
