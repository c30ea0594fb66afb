"""When a correction became known, and which payments were made before.

A correcting version is written down the first time a business day meets it, with the instant at which it
first came into force: the knowledge date of everything it changes. Nothing paid later can be corrected by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, text

from engine.rulebook import Rule, Rulebook
from payments_core.calendar import business_date_of
from payments_core.corrections.evidence import Version
from payments_core.corrections.repricing import KINDS, Releases
from payments_core.corrections.sales import Window
from payments_core.corrections.tables import correcting_version


def correcting(rulebook: Rulebook) -> Mapping[Version, Rule]:
    """Return the corrections that are in force at any time; one that was gone back from is not."""
    return {
        (span.rule.id, span.rule.version): rulebook.find(rule_id=span.rule.id, version=span.rule.version)
        for kind in KINDS
        for span in rulebook.spans(kind=kind)
        if span.rule.correction is not None
    }


def note_versions(
    connection: Connection,
    releases: Releases,
    versions: Sequence[Rule],
    business_date: date,
    release_no: int,
    now: datetime,
) -> frozenset[Version]:
    """Write down when each version first came into force, where that is not known yet; return those."""
    noted = {(row.rule_id, row.version) for row in connection.execute(text(_NOTED))}
    new = [rule for rule in versions if (rule.id, rule.version) not in noted]
    rows = [
        {
            "kind": rule.kind,
            "rule_id": rule.id,
            "version": rule.version,
            "effective_from": rule.effective_from,
            "known_at": _first_in_force(connection, releases, rule, release_no, now),
            "first_date": business_date,
            "release_no": release_no,
            "reason": rule.correction.reason if rule.correction else "",
            "reference": rule.correction.reference if rule.correction else "",
        }
        for rule in new
    ]
    if rows:
        connection.execute(insert(correcting_version), rows)
    return frozenset((rule.id, rule.version) for rule in new)


def _first_in_force(
    connection: Connection, releases: Releases, rule: Rule, release_no: int, now: datetime
) -> datetime:
    """Return when the releases that hold the version, back from this one, began to be active."""
    known_at = now
    for row in connection.execute(text(_ACTIVATED), {"release_no": release_no}):
        if (rule.id, rule.version) not in correcting(releases.get(row.release_no).rulebook):
            break
        known_at = row.activated_at
    return known_at


def window_of(
    versions: Sequence[Rule],
    new: frozenset[Version],
    known_at: Mapping[Version, datetime],
    business_date: date,
) -> Window | None:
    """Return which payments may be priced another way; None where no version reaches this day.

    A version seen for the first time reaches back to its start. Afterwards only days that held payments from
    before it was known are left, one at a time.
    """
    reaching = [(rule, known_at[rule.id, rule.version], (rule.id, rule.version) in new) for rule in versions]
    reaching = [one for one in reaching if one[2] or business_date <= business_date_of(one[1])]
    if not reaching:
        return None
    begins = [
        business_date_of(rule.effective_from) if first else business_date for rule, _, first in reaching
    ]
    return Window(
        since=min(begins),
        start=min(rule.effective_from for rule, _, _ in reaching),
        end=max(known for _, known, _ in reaching),
    )


def known_since(connection: Connection) -> dict[Version, datetime]:
    """Return when each correcting version that was ever met first came into force."""
    return {(row.rule_id, row.version): row.known_at for row in connection.execute(text(_NOTED))}


_NOTED = "SELECT rule_id, version, known_at FROM correcting_version"
_ACTIVATED = """
SELECT release_no, activated_at FROM activation WHERE activation_no <= (
  SELECT max(activation_no) FROM activation WHERE release_no = :release_no) ORDER BY activation_no DESC
"""
