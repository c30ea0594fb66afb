"""The risk decision of one payment over every risk rule in force.

Scores of the enforced rule files add up; a rule's own decision and each file's score bands, read on the sum,
can only make the decision stricter: REJECT beats REVIEW beats PASS. A file in mode `shadow` is evaluated and
its hits are recorded as `shadow:R101`, without effect. A rule that cannot be evaluated is never "false": it
is the hit RULE_ERROR, and where its file says `fail_mode: closed` (or nothing) the payment is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.expressions import EvaluationError
from engine.rulebook import Rule, Rulebook, Scored
from payments_core.errors import ensure

RISK_KIND = "risk"
PASS, REVIEW, REJECT = "PASS", "REVIEW", "REJECT"
RULE_ERROR = "RULE_ERROR"
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
class _File:
    rule: Rule
    scored: Scored
    enforced: bool
    fails_open: bool
    bands: tuple[tuple[int, str], ...]  # from the highest minimum down
    hold_days: int


RiskFiles = tuple[_File, ...]
"""The risk rules in force for one scope over a stretch of time, prepared."""


class RiskPolicy:
    """The risk rules of one rulebook, prepared for one decision after the other."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Prepare the decisions of `rulebook`."""
        self._rulebook = rulebook
        # Keyed by the identity of the set in force: the rulebook's timelines keep the sets alive.
        self._prepared: dict[int, RiskFiles] = {}
        self.reads = frozenset(rulebook.reads(kind=RISK_KIND))

    def decide(self, facts: Mapping[str, Any], *, at: datetime, scope: Mapping[str, str]) -> Decision:
        """Return the decision on `facts` by the rules in force at `at` for `scope`."""
        return self.decide_by(self.files(at=at, scope=scope), facts)

    def decide_by(self, files: RiskFiles, facts: Mapping[str, Any]) -> Decision:
        """Return the decision on `facts` by `files`."""
        score, hold_days, strictest = 0, 0, PASS
        hits: list[str] = []
        for file in files:
            try:
                verdict = file.scored.decide(facts)
            except EvaluationError:
                hits.append(RULE_ERROR)
                if file.enforced and not file.fails_open:
                    strictest = REJECT
                continue
            if not verdict.hits:
                continue
            if not file.enforced:
                hits.extend(f"shadow:{hit.id}" for hit in verdict.hits)
                continue
            score += verdict.score
            hits.extend(hit.id for hit in verdict.hits)
            for hit in verdict.hits:
                strictest = _stricter(strictest, hit.decision or PASS)
            hold_days = max(hold_days, file.hold_days)
        if not hits:
            return _QUIET
        if score:
            for file in files:
                if file.enforced:
                    strictest = _stricter(strictest, _band(file.bands, score))
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
            found = tuple(_file(rule) for rule in rules if rule.spec.get("stage") != "daily")
            self._prepared[id(rules)] = found
        return found


def _file(rule: Rule) -> _File:
    scored = rule.shape
    ensure(isinstance(scored, Scored), f"risk {rule.id} is not scored")
    assert isinstance(scored, Scored)
    spec = rule.spec
    bands = sorted(((b["min"], b["decision"]) for b in spec.get("score_bands", ())), reverse=True)
    hold = spec.get("disposal", {}).get(REVIEW, {}).get("hold", "")
    return _File(
        rule,
        scored,
        spec.get("mode", "enforce") == "enforce",
        spec.get("fail_mode", "closed") == "open",
        tuple(bands),
        int(hold[2:]) if hold.startswith("T+") else 0,
    )


def _band(bands: tuple[tuple[int, str], ...], score: int) -> str:
    return next((decision for minimum, decision in bands if score >= minimum), PASS)


def _stricter(one: str, other: str) -> str:
    return other if _STRICTNESS[other] > _STRICTNESS[one] else one
