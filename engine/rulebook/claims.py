"""Claims that a kind asks for by name, as it asks for checks; engine.rulebook.prove proves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions import FactType, Vocabulary

Path = tuple[str, ...]
"""Below spec; `*` is every item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindClaim:
    """One claim; which of the parts it needs depends on its name, as docs/proofs.md says."""

    claim: str
    at: tuple[Path, ...]
    against: Path
    times: Path
    when: Path
    cap: Path
    key: Path
    group: Path
    other: str
    amount: str
    unless: str
    once_per: str
    volumes: tuple[str, ...]
    divides: tuple[str, ...]
    direction: str
    total_fen: int
    jump_fen: int


def read_claims(declared: Mapping[str, Any]) -> tuple[KindClaim, ...]:
    """Return the claims that a kind's file asks for."""
    return tuple(_claim(one) for one in declared.get("claims", ()))


def unknown_fact(declared: Mapping[str, Any], vocabulary: Vocabulary) -> tuple[int, str] | None:
    """Return the first fact that a claim names and that there is not, with the claim's number."""
    for number, one in enumerate(declared.get("claims", ())):
        named = (one.get("amount", ""), *one.get("volumes", ()), *one.get("divides", ()))
        for name in filter(None, named):
            fact = vocabulary.facts.get(name)
            if fact is None or fact.type is not FactType.INT:
                return number, name
    return None


def _claim(declared: Mapping[str, Any]) -> KindClaim:
    paths = {
        name: _path(declared.get(name, "")) for name in ("against", "times", "when", "cap", "key", "group")
    }
    return KindClaim(
        claim=declared["claim"],
        at=tuple(_path(text) for text in declared.get("at", ())),
        other=declared.get("other", ""),
        amount=declared.get("amount", ""),
        unless=declared.get("unless", ""),
        once_per=declared.get("once_per", ""),
        volumes=tuple(declared.get("volumes", ())),
        divides=tuple(declared.get("divides", ())),
        direction=declared.get("direction", ""),
        total_fen=declared.get("total_fen", 0),
        jump_fen=declared.get("jump_fen", 0),
        **paths,
    )


def _path(text: str) -> Path:
    return tuple(text.split(".")) if text else ()
