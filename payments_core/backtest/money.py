"""The money of one day under the draft, in one statement over its payments and one over its refunds.

    source   the payments with what was booked, their stretch, and the codes of the draft's rows
    priced   the fee and the cost by those rows
    part     sums by merchant, place, stream and row: small, and everything else is made from it

Evaluated once each: a subquery with OFFSET 0 is not merged into the one above it. The queries have no
parameters (`made`), so every literal in them is ours, or quoted by `facts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from payments_core.backtest.arithmetic import Charge, charge
from payments_core.backtest.facts import array_literal
from payments_core.backtest.met import join_stretch
from payments_core.backtest.plan import Plan, Priced, line_conditions, share_conditions
from payments_core.fees import COST_KIND, FEE_KIND
from payments_core.payments.in_force import SHARE_KIND

_DAY = "$day$"
_PLACED = ("merchant_id", "store_id", "broker_id", "stream_id", "stretch_no")
_SUMS = """count(*) AS n, sum(settle_fen)::bigint AS amount_fen, sum(fee_fen)::bigint AS fee_fen,
  sum(fee_new)::bigint AS new_fee_fen, sum(cost_fen)::bigint AS cost_fen,
  sum(cost_new)::bigint AS new_cost_fen, sum(margin_fen)::bigint AS margin_fen,
  sum(margin_new)::bigint AS new_margin_fen,
  count(*) FILTER (WHERE unread) AS unread,
  coalesce(sum(settle_fen) FILTER (WHERE unread), 0)::bigint AS unread_fen"""


class MoneyQueries:
    """The two queries of a plan; written once, since only the day differs."""

    def __init__(self, plan: Plan) -> None:
        """Write the queries."""
        shared = _Columns(
            fee=_code(plan, plan.fee, "fee"),
            cost=_code(plan, plan.cost, "cost"),
            eligible=_eligible(plan),
            lines=_lines(plan),
        )
        self._paid = _payments(plan, shared)
        self._back = _refunds(plan, shared)

    def payments_of(self, day: date) -> str:
        """Return the query of the day's payments, summed."""
        return self._paid.replace(_DAY, f"'{day}'")

    def refunds_of(self, day: date) -> str:
        """Return the query of the day's refunds, summed.

        What goes back is the difference of the figures of what remains before and after. Where nothing of a
        sale differs it is what was booked.
        """
        return self._back.replace(_DAY, f"'{day}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """What is found out of every payment."""

    fee: str
    cost: str
    eligible: str
    lines: str


def _payments(plan: Plan, columns: _Columns) -> str:
    """Sum by no more than is asked for: a key that is the same everywhere is not free."""
    sold = _with_margin(plan, _priced(plan, _source(plan, columns, refunds=False)))
    keys, constants = [*_PLACED], [f"CAST(date_trunc('month', CAST({_DAY} AS date)) AS date) AS month"]
    for kind, (_, name) in zip((FEE_KIND, COST_KIND), _both(plan), strict=True):
        if plan.differs(kind):
            keys += [f"{name}_ref_no", f"{name}_code"]
        else:
            constants += [f"CAST(NULL AS int) AS {name}_ref_no", f"CAST(NULL AS int) AS {name}_code"]
    if plan.differs(SHARE_KIND):
        keys.append("lines")
    else:
        constants.append("CAST('' AS text) AS lines")
    sums = _SUMS if plan.differs(COST_KIND) else _SUMS.replace("cost_new", "cost_fen")  # summed once
    return f"SELECT {', '.join((*keys, *constants))}, {sums} FROM ({sold}) p GROUP BY {', '.join(keys)}"


def _refunds(plan: Plan, columns: _Columns) -> str:
    sold = _with_margin(plan, _priced(plan, _source(plan, columns, refunds=True)))
    fee_at, cost_at = _remaining(plan.fee, "fee"), _remaining(plan.cost, "cost")
    left = ", ".join(
        f"{part} AS {name}"
        for when in ("before", "after")
        for part, name in ((fee_at(f"{when}_fen"), f"fee_{when}"), (cost_at(f"{when}_fen"), f"cost_{when}"))
    )
    return f"""SELECT merchant_id, store_id, broker_id, stream_id, month, stretch_no, lines, count(*) AS n,
  sum(amount_fen)::bigint AS amount_fen, sum(fee_back_fen)::bigint AS fee_fen,
  sum(cost_back_fen)::bigint AS cost_fen, sum(margin_delta_fen)::bigint AS margin_fen,
  sum(CASE WHEN stretch_no = 0 OR fee_before IS NULL OR fee_after IS NULL
    THEN fee_back_fen ELSE fee_before - fee_after END)::bigint AS new_fee_fen,
  sum(CASE WHEN stretch_no = 0 OR cost_before IS NULL OR cost_after IS NULL
    THEN cost_back_fen ELSE cost_before - cost_after END)::bigint AS new_cost_fen,
  sum(CASE WHEN stretch_no = 0 THEN margin_delta_fen WHEN NOT within THEN 0
    ELSE {_margin_left("after")} - {_margin_left("before")} END)::bigint AS new_margin_fen
FROM (SELECT *, {left} FROM ({sold}) sold OFFSET 0) p GROUP BY 1, 2, 3, 4, 5, 6, 7"""


def _source(plan: Plan, found: _Columns, *, refunds: bool) -> str:
    columns = [
        "coalesce(s.no, 0) AS stretch_no, p.stream_id, p.fee_ref_no, p.cost_ref_no",
        "p.settle_amount_fen AS settle_fen, p.fee_fen, p.cost_fen, p.eligible_margin_fen AS margin_fen",
        f"s.share_no, {found.eligible} AS eligible",
    ]
    if plan.differs(FEE_KIND) or refunds:
        columns.append(f"CASE WHEN s.fee_no IS NOT NULL THEN {found.fee} END AS fee_code")
    if plan.differs(COST_KIND) or refunds:
        columns.append(f"CASE WHEN s.cost_no IS NOT NULL THEN {found.cost} END AS cost_code")
    if plan.differs(SHARE_KIND) or refunds:
        columns.append(f"s.other_share, {found.lines} AS lines")
    if refunds:
        columns.append(f"r.merchant_id, r.store_id, r.broker_id, {_REFUND}, {_within(plan)} AS within")
        columns.append("CAST(date_trunc('month', p.business_date) AS date) AS month")
        rows, where = f"({_EARLIER}) r JOIN payment p USING (merchant_id, payment_id)", "true"
    else:
        columns.append("p.merchant_id, p.store_id, p.broker_id")
        rows, where = "payment p", f"p.business_date = {_DAY} AND p.state = 'SUCCESS'"
    if plan.merchants is not None:
        where += f" AND p.merchant_id = ANY (CAST({array_literal(plan.merchants)} AS text[]))"
    query = f"SELECT {', '.join(columns)} FROM {rows} {join_stretch(plan)}"
    if "(m." in query:
        query += " LEFT JOIN merchant m ON m.merchant_id = p.merchant_id"
    return f"{query} WHERE {where} OFFSET 0"


_REFUND = (
    "r.amount_fen, r.fee_back_fen, r.cost_back_fen, r.margin_delta_fen,"
    " p.settle_amount_fen - r.earlier_fen AS before_fen,"
    " p.settle_amount_fen - r.earlier_fen - r.amount_fen AS after_fen"
)
# What had gone back before: refunds are booked in the order of their batches, and of their ids within one.
_EARLIER = f"""SELECT r.merchant_id, r.payment_id, r.store_id, r.broker_id, r.amount_fen, r.fee_back_fen,
  r.cost_back_fen, coalesce(r.eligible_margin_delta_fen, 0) AS margin_delta_fen, r.requested_at,
  coalesce((SELECT sum(e.amount_fen) FROM refund e WHERE e.merchant_id = r.merchant_id
    AND e.payment_id = r.payment_id AND e.state = 'SUCCESS'
    AND (e.batch_no, e.refund_id) < (r.batch_no, r.refund_id)), 0)::bigint AS earlier_fen
FROM refund r WHERE r.business_date = {_DAY} AND r.state = 'SUCCESS'"""


def _priced(plan: Plan, source: str) -> str:
    columns = []
    for kind, (priced, name) in zip((FEE_KIND, COST_KIND), _both(plan), strict=True):
        charged = charge(priced.pricings, code=f"{name}_code")("settle_fen")
        anew = f"coalesce({charged}, {name}_fen)"
        columns.append(f"{anew if plan.differs(kind) else f'{name}_fen'} AS {name}_new")
    return f"SELECT *, {', '.join(columns)} FROM ({source}) sources OFFSET 0"


def _with_margin(plan: Plan, priced: str) -> str:
    """Add the margin that is shared, and whether anything of the payment could not be read."""
    signed = [n for n, rule in enumerate(plan.share.rules, start=1) if _shares_losses(rule.spec)]
    kept = "greatest(fee_new - cost_new, 0)"
    if signed:
        kept = f"CASE WHEN share_no IN ({_list(signed)}) THEN fee_new - cost_new ELSE {kept} END"
    moved = ["fee_new <> fee_fen", "cost_new <> cost_fen"]
    unread = []
    if plan.differs(SHARE_KIND):
        moved.append("other_share")
    for kind, (_, name) in zip((FEE_KIND, COST_KIND), _both(plan), strict=True):
        unread += [f"{name}_code < 0"] if plan.differs(kind) else []
    unread.append(f"eligible IS NULL AND share_no > 0 AND ({' OR '.join(moved)})")
    return f"""SELECT *, CASE WHEN eligible THEN {kept} WHEN stretch_no = 0 THEN margin_fen
    WHEN share_no = 0 OR NOT eligible THEN 0 ELSE margin_fen END AS margin_new,
  coalesce({" OR ".join(unread)}, false) AS unread
FROM ({priced}) prices OFFSET 0"""


def _code(plan: Plan, priced: Priced, name: str) -> str:
    facts = plan.facts(at="p.paid_at")
    return priced.choice.text(rule_no=f"s.{name}_no", ref_no=f"p.{name}_ref_no", facts=facts)


def _eligible(plan: Plan) -> str:
    """Return whether the share rule admits the payment: as booked where that says it, else by its condition.

    A margin that was shared was admitted. One that was not, though it was above zero, was excluded.
    """
    facts, arms = plan.facts(at="p.paid_at"), []
    for number, rule in enumerate(plan.share.rules, start=1):
        condition = share_conditions(rule).get(("eligible",))
        written = "true" if condition is None else facts.condition(condition)
        if number in plan.share.proven:
            booked = "CASE WHEN p.eligible_margin_fen <> 0 THEN true WHEN p.fee_fen > p.cost_fen THEN false"
            written = f"{booked} ELSE {written} END"
        arms.append(f"WHEN {number} THEN {written}")
    return f"CASE s.share_no {' '.join(arms)} END" if arms else "CAST(NULL AS boolean)"


def _lines(plan: Plan) -> str:
    """Return which conditions of another share rule's lines hold: t, f, or ? where it cannot be told."""
    facts, arms = plan.facts(at="p.paid_at"), []
    for number, rule in enumerate(plan.share.rules, start=1):
        parts = [
            f"CASE {facts.condition(one)} WHEN true THEN 't' WHEN false THEN 'f' ELSE '?' END"
            for _, one in line_conditions(rule)
        ]
        if parts:
            arms.append(f"WHEN s.other_share AND s.share_no = {number} THEN {' || '.join(parts)}")
    return f"CASE {' '.join(arms)} ELSE '' END" if arms else "CAST('' AS text)"


def _within(plan: Plan) -> str:
    """Return whether the refund was asked for while the share rule of its sale takes shares back."""
    arms = []
    for number, rule in enumerate(plan.share.rules, start=1):
        reversal = rule.spec.get("reversal")
        if reversal:
            last = f"p.paid_at + interval '{int(reversal['max_days'])} days'"
            arms.append(
                f"WHEN s.share_no = {number} AND p.stream_id IS NOT NULL THEN r.requested_at <= {last}"
            )
    return f"CASE {' '.join(arms)} ELSE true END" if arms else "true"


def _remaining(priced: Priced, name: str) -> Charge:
    """Return what writes the price of a part that remains: as sold where that is all of it."""
    codes = f"CASE {name}_ref_no {' '.join(f'WHEN {r} THEN {c}' for r, c in priced.booked_codes.items())} END"
    booked = codes if priced.booked_codes else "NULL"
    written = charge(priced.pricings, code=f"coalesce(nullif(greatest({name}_code, -1), -1), {booked})")

    def at(amount: str) -> str:
        return f"CASE WHEN {amount} = settle_fen THEN {name}_new ELSE {written(amount)} END"

    return at


def _margin_left(when: str) -> str:
    margin = f"(fee_{when} - cost_{when})"
    return (
        f"CASE WHEN {when}_fen = settle_fen THEN margin_new WHEN margin_new = 0 THEN 0"
        f" WHEN margin_new < 0 THEN {margin} ELSE greatest({margin}, 0) END"
    )


def _both(plan: Plan) -> tuple[tuple[Priced, str], tuple[Priced, str]]:
    return (plan.fee, "fee"), (plan.cost, "cost")


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "NULL"


def _shares_losses(spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("negative_margin", "zero_for_broker") != "zero_for_broker")
