"""Which stretch `s` a payment `p` meets, as SQL.

Where all merchants have the same stretches the instant alone tells which: to look that up is cheaper than to
join a table of one row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from payments_core.backtest.facts import array_literal
from payments_core.backtest.plan import Plan, Priced
from payments_core.backtest.stretches import Stretch
from payments_core.fees import COST_KIND, FEE_KIND
from payments_core.payments.in_force import SHARE_KIND


def join_stretch(plan: Plan) -> str:
    """Return the join; its columns are NULL where a payment meets none."""
    shared = plan.shared_stretches
    return _joined(_arrays(plan.stretches, plan)) if shared is None else _looked_up(shared, plan)


def _joined(arrays: Mapping[str, str]) -> str:
    table = f"unnest({', '.join(arrays.values())}) AS s ({', '.join(arrays)})"
    met = "s.merchant_id = p.merchant_id AND p.paid_at >= s.start_at AND p.paid_at < s.end_at"
    return f"LEFT JOIN {table} ON {met}"


def _looked_up(stretches: Sequence[Stretch], plan: Plan) -> str:
    arms = [
        f"WHEN p.paid_at >= '{one.start.isoformat()}' AND p.paid_at < '{one.end.isoformat()}' THEN {number}"
        for number, one in enumerate(stretches, start=1)
    ]
    place = f"CASE {' '.join(arms)} END" if arms else "CAST(NULL AS int)"
    found = ", ".join(f"({array})[place] AS {name}" for name, array in _arrays(stretches, plan).items())
    return f"CROSS JOIN LATERAL (SELECT {found} FROM (SELECT {place} AS place) places) s"


def _arrays(stretches: Sequence[Stretch], plan: Plan) -> Mapping[str, str]:
    """Return the stretches by column; a number is NULL where the rule is as booked, 0 where none is."""
    columns: tuple[tuple[str, str, Sequence[object]], ...] = (
        ("no", "int", range(1, len(stretches) + 1)),
        ("merchant_id", "text", [s.merchant_id for s in stretches]),
        ("start_at", "timestamptz", [s.start.isoformat() for s in stretches]),
        ("end_at", "timestamptz", [s.end.isoformat() for s in stretches]),
        ("fee_no", "int", [_number(s, FEE_KIND, plan.fee) for s in stretches]),
        ("cost_no", "int", [_number(s, COST_KIND, plan.cost) for s in stretches]),
        ("share_no", "int", [plan.share.number(s.pairs[SHARE_KIND][1]) for s in stretches]),
        ("other_share", "boolean", [s.differs(SHARE_KIND) for s in stretches]),
        ("store_id", "text", [s.served.store_id for s in stretches]),
        ("district_id", "text", [s.served.district_id for s in stretches]),
        ("broker_id", "text", [s.served.broker_id for s in stretches]),
        ("broker_store_id", "text", [s.served.broker_store_id for s in stretches]),
    )
    return {name: f"CAST({array_literal(values)} AS {kind}[])" for name, kind, values in columns}


def _number(stretch: Stretch, kind: str, priced: Priced) -> int | None:
    return priced.number(stretch.pairs[kind][1]) if stretch.differs(kind) else None
