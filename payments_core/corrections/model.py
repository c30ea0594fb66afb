"""What a sale costs as known on a day, net of its refunds, and the difference to what is booked. Pure.

    known      the price of the rules as known now, on what remains of the sale
    booked     the sale as it was priced − what its refunds gave back + earlier corrections
    true-up    known − booked

A sale of 10,000 at 0.38 % was booked with 38. A rule published later says 0.40 % from before the sale:

    nothing refunded        40 − 38                    = +2
    2,500 went back before  30 − (38 − 9)              = +1      the refund gave back 38 − 29 = 9
    again                   30 − (38 − 9 + 1)          =  0      running it again adds nothing
    the rest goes back       0 − (38 − 9 + 1 − 29)     = −1      returned on the day of the refund

Of the margin a refund takes back what it would have, had the price been known from the start: within the days
in which the share rule takes shares back, later ones leave it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from payments_core.errors import ensure
from payments_core.fees import Pricing, remaining_margin_fen

Margins = Mapping[int | None, int]
"""Eligible margin by share stream; None where nobody shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """One refund of a sale that succeeded, in the order in which they were booked."""

    amount_fen: int
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SalePrice:
    """How a sale is priced: by which rows, what they make of the whole of it, and where its margin is shared.

    `reversal_days` is for how long after the sale a refund takes shares back; None where without end.
    """

    fee: Pricing
    cost: Pricing
    fee_fen: int
    cost_fen: int
    margin_fen: int
    stream_id: int | None
    reversal_days: int | None

    def remaining(self, remaining_fen: int, settle_fen: int) -> Net:
        """Return the figures of the part that remains."""
        if remaining_fen == settle_fen:
            return Net(fee_fen=self.fee_fen, cost_fen=self.cost_fen, margin_fen=self.margin_fen)
        fee_fen, cost_fen = self.fee.amount_fen(remaining_fen), self.cost.amount_fen(remaining_fen)
        margin_fen = remaining_margin_fen(sold_fen=self.margin_fen, fee_fen=fee_fen, cost_fen=cost_fen)
        return Net(fee_fen=fee_fen, cost_fen=cost_fen, margin_fen=margin_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """Fee, cost and eligible margin of a sale, refunds taken off; fen."""

    fee_fen: int
    cost_fen: int
    margin_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What the books hold of a sale: payment, refunds and corrections together."""

    fee_fen: int
    cost_fen: int
    margins: Margins


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueUp:
    """What is missing in the books. `from_margin_fen` moves another stream than that of the price, if any."""

    fee_delta_fen: int
    cost_delta_fen: int
    margin_delta_fen: int
    from_stream_id: int | None
    from_margin_fen: int

    @property
    def is_nothing(self) -> bool:
        """Whether the books hold what is known."""
        return not (
            self.fee_delta_fen or self.cost_delta_fen or self.margin_delta_fen or self.from_margin_fen
        )


def known(*, price: SalePrice, settle_fen: int, paid_at: datetime, backs: Sequence[Back]) -> Net:
    """Return what the sale comes to by `price` with these refunds, had it been the price from the start."""
    left, margin_fen = settle_fen, price.margin_fen
    for back in backs:
        before, after = price.remaining(left, settle_fen), price.remaining(left - back.amount_fen, settle_fen)
        left -= back.amount_fen
        days = price.reversal_days
        if days is None or back.requested_at <= paid_at + timedelta(days=days):
            margin_fen += after.margin_fen - before.margin_fen
    net = price.remaining(left, settle_fen)
    return Net(fee_fen=net.fee_fen, cost_fen=net.cost_fen, margin_fen=margin_fen)


def true_up(*, net: Net, stream_id: int | None, booked: Booked) -> TrueUp:
    """Return what is to be booked so that the sale comes to `net`, its margin all in `stream_id`."""
    others = {
        stream: fen for stream, fen in booked.margins.items() if stream not in (stream_id, None) and fen
    }
    # A refund stays in the stream of its sale, everything else was brought to one stream: never two others.
    ensure(len(others) <= 1, f"the margin of a sale stands in one stream, not in {sorted(others)} too")
    (from_stream_id, from_fen), *_ = (*others.items(), (None, 0))
    shared_fen = 0 if stream_id is None else net.margin_fen - booked.margins.get(stream_id, 0)
    return TrueUp(
        fee_delta_fen=net.fee_fen - booked.fee_fen,
        cost_delta_fen=net.cost_fen - booked.cost_fen,
        margin_delta_fen=shared_fen,
        from_stream_id=from_stream_id,
        from_margin_fen=-from_fen,
    )


def added(booked: Booked, entry: TrueUp, *, stream_id: int | None) -> Booked:
    """Return the books with one correction more."""
    margins = dict(booked.margins)
    for stream, fen in ((stream_id, entry.margin_delta_fen), (entry.from_stream_id, entry.from_margin_fen)):
        margins[stream] = margins.get(stream, 0) + fen
    return Booked(
        fee_fen=booked.fee_fen + entry.fee_delta_fen,
        cost_fen=booked.cost_fen + entry.cost_delta_fen,
        margins=margins,
    )
