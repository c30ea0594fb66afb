"""How versions of a kind are compared, as its kind file declares: what is dearer, and by what it is sliced.

    compare:
      charge: {zh: 手续费, en: Fee, basis: txn.settle_amount_fen, output: fee_fen}
      slices: {city: merchant.city, channel: txn.channel}
      without_effect: [rows.*.label]

A kind that declares nothing is compared by what its rules decide, without an order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.expressions import Fact, FactType, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOn:
    """A table's row charges an amount on the fact `basis`; its evaluator calls it `output`."""

    zh: str
    en: str
    basis: Fact
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rates below spec that one party gets together, of the items whose fields are as `where` says."""

    zh: str
    en: str
    rates: tuple[tuple[str, ...], ...]
    where: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`slices` are facts by the scope key they answer to; `without_effect` are paths below spec."""

    greater_is_dearer: bool = True
    charge: ChargeOn | None = None
    parts: tuple[Part, ...] = ()
    only_if: tuple[str, ...] = ()
    slices: Mapping[str, Fact] = field(default_factory=dict)
    without_effect: tuple[tuple[str, ...], ...] = ()


def read_compared(declared: Mapping[str, Any], vocabulary: Vocabulary) -> Compared:
    """Return what `compare` of a kind file says; its facts exist, as `unknown_facts` has seen."""
    charge = declared.get("charge")
    return Compared(
        greater_is_dearer=declared.get("dearer", "greater") == "greater",
        charge=ChargeOn(
            zh=charge["zh"],
            en=charge["en"],
            basis=vocabulary.facts[charge["basis"]],
            output=charge["output"],
        )
        if charge
        else None,
        parts=tuple(
            Part(zh=one["zh"], en=one["en"], rates=_paths(one["rates"]), where=one.get("where", {}))
            for one in declared.get("parts", ())
        ),
        only_if=tuple(declared["only_if"].split(".")) if "only_if" in declared else (),
        slices={key: vocabulary.facts[name] for key, name in declared.get("slices", {}).items()},
        without_effect=_paths(declared.get("without_effect", ())),
    )


def unknown_facts(
    declared: Mapping[str, Any], vocabulary: Vocabulary
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield, with its path below `compare`, every fact that does not exist or is of no use there."""
    basis = declared.get("charge", {}).get("basis")
    if basis is not None and not _is(vocabulary, basis, FactType.INT):
        yield ("charge", "basis"), basis
    for key, name in declared.get("slices", {}).items():
        if not _is(vocabulary, name, FactType.STRING):
            yield ("slices", key), name


def _is(vocabulary: Vocabulary, name: str, wanted: FactType) -> bool:
    return name in vocabulary.facts and vocabulary.facts[name].type is wanted


def _paths(texts: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split(".")) for text in texts)
