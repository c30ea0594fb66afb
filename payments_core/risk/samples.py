"""The sample of payments that a rollout takes: chosen by a hash, so whoever is in it stays in it.

A payer or merchant that is in at 10 % is in at 30 % too, and the same everywhere: the database can find the
sample again by SAMPLE_SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from engine.rulebook import Rule

_PPM = 1_000_000
_BYTES = 7  # of the digest: a positive bigint in the database

SAMPLE_SQL = (
    "(('x00' || encode(substring(sha256(convert_to({salt} || ':' || {by}, 'UTF8')) for 7), 'hex'))"
    "::bit(64)::bigint % 1000000)"
)
"""The place of a payment in the sample, 0 to 999 999; in it where that is below `share_ppm`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Which payments: by the fact that is hashed with the salt, `share_ppm` of a million."""

    by: str
    salt: str
    share_ppm: int

    def takes(self, facts: Mapping[str, Any]) -> bool:
        """Whether a payment with these facts is in the sample."""
        return place_of(self.salt, str(facts[self.by])) < self.share_ppm


def place_of(salt: str, value: str) -> int:
    """Return the place of a value, 0 to 999 999: the same for ever."""
    digest = sha256(f"{salt}:{value}".encode()).digest()
    return int.from_bytes(digest[:_BYTES], "big") % _PPM


def sample_of(rule: Rule) -> Sample | None:
    """Return the sample of a rule in mode `rollout`, None for every other."""
    if rule.spec.get("mode") != "rollout":
        return None
    rollout = rule.spec["rollout"]
    return Sample(
        by=rollout["by"], salt=rollout["salt"], share_ppm=int(Decimal(str(rollout["share"])) * _PPM)
    )
