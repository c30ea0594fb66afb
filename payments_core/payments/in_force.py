"""Which rules a payment meets: looked up once for a scope and a stretch of time, not once a payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.rulebook import Rule, Rulebook
from payments_core.fees import COST_KIND, FEE_KIND
from payments_core.risk import RISK_KIND, RiskFiles, RiskPolicy

SHARE_KIND = "profit_share"
_KINDS = (FEE_KIND, COST_KIND, SHARE_KIND)
Scope = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The rules in force for one scope over [start, end); None where no rule of the kind is."""

    start: datetime
    end: datetime
    risk: RiskFiles
    fee: Rule | None
    cost: Rule | None
    share: Rule | None


class RulesInForce:
    """The rules of one rulebook by scope and instant."""

    def __init__(self, rulebook: Rulebook, risk: RiskPolicy) -> None:
        """Look up in `rulebook`; `risk` prepares its risk rules."""
        self._rulebook = rulebook
        self._risk = risk
        self._latest: dict[tuple[tuple[str, str], ...], InForce] = {}

    def at(self, scope: Scope, instant: datetime) -> InForce:
        """Return what is in force at `instant`; the stretch asked for last is kept for each scope."""
        key = tuple(scope.items())
        found = self._latest.get(key)
        if found is None or not found.start <= instant < found.end:
            found = self._latest[key] = self._look_up(scope, instant)
        return found

    def _look_up(self, scope: Scope, instant: datetime) -> InForce:
        timelines = {kind: self._rulebook.timeline(kind=kind, scope=scope) for kind in (*_KINDS, RISK_KIND)}
        stretches = [timeline.stretch(instant) for timeline in timelines.values()]
        fee, cost, share = (next(iter(timelines[kind].all_at(instant)), None) for kind in _KINDS)
        return InForce(
            # In the zone of the instants that will be compared with them.
            start=max(start for start, _ in stretches).astimezone(UTC),
            end=min(end for _, end in stretches).astimezone(UTC),
            risk=self._risk.files(at=instant, scope=scope),
            fee=fee,
            cost=cost,
            share=share,
        )
