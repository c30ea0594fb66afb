"""The risk decision of one payment over every risk rule in force.

Scores of the enforced rule files add up; a rule's own decision and each file's score bands, read on the sum,
can only make the decision stricter: REJECT beats REVIEW beats PASS. A file in mode `shadow` is evaluated and
its hits are recorded as `shadow:R101`, without effect; one in mode `rollout` counts for its sample of the
payments, with hits `rollout:R101`, and is a shadow for the others. A rule that cannot be evaluated is never
"false": it is the hit RULE_ERROR, and where its file says `fail_mode: closed` (or nothing) the payment is
rejected; if a file stands in another's place, that one decides instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.expressions import EvaluationError
from engine.rulebook import Rule, Rulebook, Scored
from payments_core.errors import ensure
from payments_core.risk.samples import Sample, sample_of

RISK_KIND = "risk"
PASS, REVIEW, REJECT = "PASS", "REVIEW", "REJECT"
RULE_ERROR = "RULE_ERROR"
SHADOW, ROLLOUT = "shadow:", "rollout:"
_STRICTNESS = {PASS: 0, REVIEW: 1, REJECT: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What risk says of one payment. `hold_days`: how long money of a REVIEW is held, 0 = not at all."""

    decision: str
    score: int
    hits: tuple[str, ...]
    hold_days: int = 0


_QUIET = Decision(decision=PASS, score=0, hits=())


@dataclass(frozen=True, slots=True)
class RiskFile:
    """One risk rule as a payment meets it; `prefix` stands before its hits, "" where it is in force."""

    rule: Rule
    scored: Scored
    prefix: str
    fails_open: bool
    bands: tuple[tuple[int, str], ...]  # from the highest minimum down
    hold_days: int

    @property
    def enforced(self) -> bool:
        """Whether it has an effect on the payment."""
        return self.prefix != SHADOW

    def band(self, score: int) -> str:
        """Return the decision of the highest band that a sum of scores reaches."""
        return next((decision for minimum, decision in self.bands if score >= minimum), PASS)


@dataclass(frozen=True, slots=True)
class _Rollout:
    inside: RiskFile
    outside: RiskFile
    sample: Sample
    in_place_of: str


@dataclass(frozen=True, slots=True)
class RiskFiles:
    """The risk rules in force for one scope over a stretch of time, prepared."""

    files: tuple[RiskFile, ...]
    rollouts: tuple[_Rollout, ...]

    def met_by(self, facts: Mapping[str, Any], hits: list[str]) -> tuple[RiskFile, ...]:
        """Return the files as one payment meets them; candidates that fail leave RULE_ERROR in `hits`."""
        met = self.files
        for rollout in self.rollouts:
            if not rollout.sample.takes(facts):
                met = (*met, rollout.outside)
            elif not rollout.in_place_of:
                met = (*met, rollout.inside)
            elif _fails(rollout.inside, facts):
                hits.append(ROLLOUT + RULE_ERROR)
            else:
                kept = (file for file in met if file.rule.id != rollout.in_place_of)
                met = (*kept, rollout.inside)
        return met


class RiskPolicy:
    """The risk rules of one rulebook, prepared for one decision after the other."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Prepare the decisions of `rulebook`."""
        self._rulebook = rulebook
        # Keyed by the identity of the set in force: the rulebook's timelines keep the sets alive.
        self._prepared: dict[int, RiskFiles] = {}
        sampled = (sample_of(rule) for rule in rulebook.versions if rule.kind == RISK_KIND)
        self.reads = rulebook.reads(kind=RISK_KIND) | {sample.by for sample in sampled if sample is not None}

    def decide(self, facts: Mapping[str, Any], *, at: datetime, scope: Mapping[str, str]) -> Decision:
        """Return the decision on `facts` by the rules in force at `at` for `scope`."""
        return self.decide_by(self.files(at=at, scope=scope), facts)

    def decide_by(self, files: RiskFiles, facts: Mapping[str, Any]) -> Decision:
        """Return the decision on `facts` by `files`."""
        score, hold_days, strictest = 0, 0, PASS
        hits: list[str] = []
        met = files.met_by(facts, hits) if files.rollouts else files.files
        for file in met:
            try:
                verdict = file.scored.decide(facts)
            except EvaluationError:
                hits.append(file.prefix + RULE_ERROR)
                if file.enforced and not file.fails_open:
                    strictest = REJECT
                continue
            if not verdict.hits:
                continue
            hits.extend(file.prefix + hit.id for hit in verdict.hits)
            if not file.enforced:
                continue
            score += verdict.score
            for hit in verdict.hits:
                strictest = _stricter(strictest, hit.decision or PASS)
            hold_days = max(hold_days, file.hold_days)
        if not hits:
            return _QUIET
        if score:
            for file in met:
                if file.enforced:
                    strictest = _stricter(strictest, file.band(score))
        return Decision(
            decision=strictest,
            score=score,
            hits=tuple(hits),
            hold_days=hold_days if strictest == REVIEW else 0,
        )

    def files(self, *, at: datetime, scope: Mapping[str, str]) -> RiskFiles:
        """Return the rules in force at `at` for `scope`; the same object as long as they are the same."""
        rules = self._rulebook.all_in_force(kind=RISK_KIND, at=at, scope=scope)
        found = self._prepared.get(id(rules))
        if found is None:
            found = self._prepared[id(rules)] = _prepared(rules)
        return found


def _prepared(rules: Iterable[Rule]) -> RiskFiles:
    files: list[RiskFile] = []
    rollouts: list[_Rollout] = []
    for rule in rules:
        sample = sample_of(rule)
        if rule.spec.get("stage") == "daily":
            continue
        if sample is None:
            files.append(_file(rule, SHADOW if rule.spec.get("mode") == "shadow" else ""))
        else:
            instead = rule.spec.get("in_place_of", "")
            rollouts.append(_Rollout(_file(rule, ROLLOUT), _file(rule, SHADOW), sample, instead))
    return RiskFiles(tuple(files), tuple(rollouts))


def _fails(file: RiskFile, facts: Mapping[str, Any]) -> bool:
    try:
        file.scored.decide(facts)
    except EvaluationError:
        return True
    return False


def _file(rule: Rule, prefix: str) -> RiskFile:
    scored = rule.shape
    ensure(isinstance(scored, Scored), f"risk {rule.id} is not scored")
    assert isinstance(scored, Scored)
    spec = rule.spec
    bands = sorted(((b["min"], b["decision"]) for b in spec.get("score_bands", ())), reverse=True)
    hold = spec.get("disposal", {}).get(REVIEW, {}).get("hold", "")
    return RiskFile(
        rule,
        scored,
        prefix,
        spec.get("fail_mode", "closed") == "open",
        tuple(bands),
        int(hold[2:]) if hold.startswith("T+") else 0,
    )


def strictest_of(decisions: Iterable[str]) -> str:
    """Return the gravest decision; PASS of none."""
    return max(decisions, key=_STRICTNESS.__getitem__, default=PASS)


def _stricter(one: str, other: str) -> str:
    return other if _STRICTNESS[other] > _STRICTNESS[one] else one
