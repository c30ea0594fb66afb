"""What a proof says: a claim about a rule, and whether it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.diagnostics import Language, Location
from engine.expressions import Value


class Verdict(StrEnum):
    """Whether a claim stands. What the solver cannot settle is undecided, never proved.

    Accepted is refuted, and meant: the rule's file says so under `accept`.
    """

    PROVED = "proved"
    REFUTED = "refuted"
    ACCEPTED = "accepted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One claim, always what one would wish of a rule, so every refuted one is for people to look at.

    `witness` are facts that show the verdict, confirmed by evaluating the rule: the counterexample of a claim
    about all cases, the example of a claim that there is one; None where the verdict has none. `at` is the
    path below spec where it stands, by which it can be accepted.
    """

    code: str
    verdict: Verdict
    location: Location
    witness: Mapping[str, Value] | None
    zh: str
    en: str
    at: str = ""

    def words(self, *, language: Language) -> str:
        """Return the verdict in words, with the witness."""
        return self.zh if language == "zh" else self.en
