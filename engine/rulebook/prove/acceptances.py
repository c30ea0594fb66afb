"""What a rule's file accepts: refuted claims that are meant, each by its place, with a reason and a date.

    accept:
    - {claim: TIER_RATES_RISE, at: tiers.rows.1.rate, reason: 大额优惠, by: 张敏, until: 2026-01-01}

An entry counts for one claim at one place until its day begins. One that no refuted claim needs any longer,
or whose day has come, is a finding: what is accepted is looked at again, never forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.diagnostics import Diagnostic, Location
from engine.rulebook.documents import Document
from engine.rulebook.prove.model import Proof, Verdict
from engine.rulebook.rules import Rule
from engine.rulebook.wording import finding

_SPEC = "spec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One entry of `accept`; it counts until the day `until` begins."""

    claim: str
    at: str
    until: date | None
    location: Location

    def counts(self, on: date | None) -> bool:
        """Return whether it still counts on a day; without a day, whatever the date."""
        return on is None or (self.until is not None and on < self.until)


def judged(rule: Rule, proofs: Iterable[Proof], *, on: date | None) -> tuple[Proof, ...]:
    """Return the proofs of one rule, the refuted ones with their place, and those that are accepted so."""
    found = tuple(proofs)
    if all(proof.verdict != Verdict.REFUTED for proof in found):
        return found
    places = _places(rule.document)
    accepted = {(one.claim, one.at) for one in acceptances_of(rule.document) if one.counts(on)}
    return tuple(_judged(proof, places, accepted) for proof in found)


def proof_findings(
    *, rules: Sequence[Rule], proofs: Iterable[Proof], on: date | None
) -> tuple[Diagnostic, ...]:
    """Return what the proofs of `rules` leave to do: refuted, undecided, and accepted without need."""
    found = tuple(proofs)
    by_file: dict[str, list[Proof]] = {}
    for proof in found:
        by_file.setdefault(proof.location.file, []).append(proof)
    findings = {one for proof in found for one in _of_proof(proof)}
    for rule in rules:
        findings.update(_of_acceptances(rule.document, by_file.get(rule.path, []), on))
    return tuple(sorted(findings, key=lambda one: (one.location, one.code, one.message)))


def acceptances_of(document: Document) -> tuple[Acceptance, ...]:
    """Return what the file accepts, in its order."""
    written = document.value.get("accept", [])
    return tuple(
        Acceptance(
            claim=one["claim"],
            at=one["at"],
            until=_day(one.get("until")),
            location=document.location(("accept", number)),
        )
        for number, one in enumerate(written)
    )


def entry_for(proof: Proof, *, until: str = "YYYY-MM-DD") -> str:
    """Return the entry that accepts a refuted proof, as it would be written under `accept`."""
    return f"- {{claim: {proof.code}, at: {proof.at}, reason: …, by: …, until: {until}}}"


def _judged(proof: Proof, places: dict[tuple[int, int], str], accepted: set[tuple[str, str]]) -> Proof:
    if proof.verdict != Verdict.REFUTED:
        return proof
    at = places.get((proof.location.line, proof.location.column), "")
    verdict = Verdict.ACCEPTED if (proof.code, at) in accepted else Verdict.REFUTED
    return replace(proof, at=at, verdict=verdict)


def _places(document: Document) -> dict[tuple[int, int], str]:
    """Return the path of what stands at each place, below spec or from the top; the outermost wins."""
    found: dict[tuple[int, int], str] = {}
    for pointer in sorted(document.marks, key=len, reverse=True):
        mark = document.marks[pointer]
        path = ".".join(map(str, pointer[1:] if pointer[:1] == (_SPEC,) and len(pointer) > 1 else pointer))
        found[mark.text_line, mark.text_column] = path
        found[mark.line, mark.column] = path
    return found


def _of_proof(proof: Proof) -> Iterator[Diagnostic]:
    if proof.verdict == Verdict.REFUTED:
        entry = entry_for(proof)
        yield finding("PROOF_REFUTED", proof.location, **_said(proof), entry=entry)
    if proof.verdict == Verdict.UNDECIDED:
        yield finding("PROOF_UNDECIDED", proof.location, **_said(proof))


def _said(proof: Proof) -> dict[str, Any]:
    return {"claim": proof.code, "said": proof.zh, "said_en": proof.en}


def _of_acceptances(document: Document, proofs: Sequence[Proof], on: date | None) -> Iterator[Diagnostic]:
    needed = {(one.code, one.at) for one in proofs if one.verdict in (Verdict.REFUTED, Verdict.ACCEPTED)}
    for one in acceptances_of(document):
        if (one.claim, one.at) not in needed:
            yield finding("ACCEPTANCE_STALE", one.location, claim=one.claim, at=one.at)
        elif not one.counts(on):
            yield finding("ACCEPTANCE_EXPIRED", one.location, claim=one.claim, at=one.at, until=one.until)


def _day(written: Any) -> date | None:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        return None
