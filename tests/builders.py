"""Small worlds for tests: an organisation, merchants, and payments as the payment path would leave them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert

from payments_core import hierarchy
from payments_core.calendar import SHANGHAI
from payments_core.hierarchy import Kind
from payments_core.ledger import payment_legs, post, refund_legs
from payments_core.merchants import bindings, operations
from payments_core.merchants.tables import merchant
from payments_core.payments.tables import payment, refund
from payments_core.profit_share import Stream, eligible_margin, open_streams, stream_for

START = datetime(2025, 1, 1, tzinfo=SHANGHAI)
DAY1 = date(2025, 3, 10)
BROKER, SUCCESSOR, MERCHANT, STORE, OTHER_STORE = "B0001", "B0002", "M00001", "S001", "S002"
_ids = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition of a rule, as a Python function."""

    holds: Callable[[Mapping[str, Any]], bool]

    def evaluate(self, facts: Mapping[str, Any]) -> bool:
        return self.holds(facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRule:
    """A profit share rule without a file; line numbers are 10 + index of the share."""

    id: str = "ps.test"
    version: int = 1
    shares: Sequence[Mapping[str, str]] = (
        {"party": "broker", "role": "opener", "rate": "0.24"},
        {"party": "broker", "role": "maintainer", "rate": "0.16"},
    )
    rounding: str = "HALF_UP"
    more: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[tuple[str | int, ...], Condition] = field(default_factory=dict)

    @property
    def spec(self) -> Mapping[str, Any]:
        return {
            "shares": self.shares,
            "rounding": {"mode": self.rounding},
            "when_no_maintainer": "opener_takes_all",
            **self.more,
        }

    @property
    def shape(self) -> ShareRule:
        return self

    def line_of(self, pointer: tuple[str | int, ...]) -> int:
        return 10 + (pointer[2] if len(pointer) > 2 and isinstance(pointer[2], int) else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A settlement policy without a file, and the rulebook and the releases that hold nothing else."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[tuple[str | int, ...], Condition] = field(default_factory=dict)
    id: str = "settle.test"
    version: int = 1

    @property
    def shape(self) -> Policy:
        return self

    @property
    def vocabulary(self) -> Policy:
        return self

    @property
    def facts(self) -> Mapping[str, Any]:
        return {}

    @property
    def rulebook(self) -> Policy:
        return self

    def spans(self, **_: object) -> tuple[()]:
        return ()

    def in_force(self, **_: object) -> Policy:
        return self

    def get(self, _release: object) -> Policy:
        return self

    def line_of(self, _pointer: object) -> int:
        return 1


NEXT_DAY = {"days": 1, "calendar": "every_day"}
WHOLE_TO_OPENER = ({"party": "broker", "role": "opener", "rate": "0.40"},)


def noon(day: date) -> datetime:
    """Twelve o'clock of a business date."""
    return datetime.combine(day, time(12), SHANGHAI)


def build_org(connection: Connection) -> None:
    """HQ → BJ → D01 → S001, S002, with a broker in each store."""
    for node_id, kind, parent_id in (
        ("HQ", Kind.HQ, None),
        ("BJ", Kind.CITY, "HQ"),
        ("D01", Kind.DISTRICT, "BJ"),
        (STORE, Kind.STORE, "D01"),
        (OTHER_STORE, Kind.STORE, "D01"),
    ):
        hierarchy.create_node(
            connection, node_id=node_id, kind=kind, name=node_id, parent_id=parent_id, at=START
        )
    for broker_id, store_id in ((BROKER, STORE), (SUCCESSOR, OTHER_STORE)):
        hierarchy.create_broker(connection, broker_id=broker_id, name=broker_id, store_id=store_id, at=START)


def build_merchant(
    connection: Connection,
    merchant_id: str = MERCHANT,
    *,
    broker_id: str = BROKER,
    store_id: str = STORE,
    at: datetime = START,
    tags: Sequence[str] = (),
) -> None:
    """A merchant whose opener is `broker_id`, with no maintainer."""
    operations.create_merchant(
        connection,
        merchant_id=merchant_id,
        name=merchant_id,
        type="INDIVIDUAL",
        mcc="5812",
        city_id="BJ",
        activated_at=at,
        tags=tags,
    )
    bindings.bind(
        connection, merchant_id=merchant_id, broker_id=broker_id, store_id=store_id, role="opener", at=at
    )


def build_bare_merchants(connection: Connection, merchant_ids: Sequence[str]) -> None:
    """Merchants nobody serves, many at once."""
    rows = [
        {
            "merchant_id": m,
            "name": m,
            "type": "MICRO",
            "mcc": "5812",
            "city_id": "BJ",
            "activated_at": START,
        }
        for m in merchant_ids
    ]
    connection.execute(insert(merchant), rows)


def stream(
    *,
    rule: ShareRule | None = None,
    merchant_id: str = MERCHANT,
    store_id: str = STORE,
    opener: Sequence[tuple[str, int]] = ((BROKER, 1_000_000),),
    maintainer: Sequence[tuple[str, int]] = (),
    paid_on: date = DAY1,
    facts: Mapping[str, Any] | None = None,
) -> Stream:
    """The stream of a payment; by default 40 % to the opener."""
    found = stream_for(
        rule=rule or ShareRule(),
        merchant_id=merchant_id,
        store_id=store_id,
        opener=opener,
        maintainer=maintainer,
        paid_on=paid_on,
        facts=facts or {},
    )
    assert found is not None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A payment that was captured, as much of it as its refunds need."""

    payment_id: int
    merchant_id: str
    stream: Stream | None
    store_id: str
    broker_id: str


def pay(
    connection: Connection,
    *,
    amount_fen: int,
    fee_fen: int,
    cost_fen: int,
    day: date = DAY1,
    merchant_id: str = MERCHANT,
    in_stream: Stream | None = None,
    margin_fen: int | None = None,
    store_id: str = STORE,
    broker_id: str = BROKER,
    paid_at: datetime | None = None,
    payer: str = "p1",
    card_type: str = "NONE",
) -> Paid:
    """A SUCCESS payment with its legs and stream. `margin_fen` is the eligible margin, by default"
    " fee − cost."""
    payment_id = next(_ids)
    at = paid_at or noon(day)
    eligible = eligible_margin(rule=ShareRule(), margin_fen=fee_fen - cost_fen, facts={})
    if in_stream is not None:
        open_streams(connection, streams=(in_stream,))
    connection.execute(
        insert(payment).values(
            merchant_id=merchant_id,
            payment_id=payment_id,
            merchant_order_no=f"O{payment_id}",
            request_hash=b"",
            state="SUCCESS",
            channel="WECHAT",
            mode="STATIC_QR",
            card_type=card_type,
            payer_hash=payer,
            amount_fen=amount_fen,
            settle_amount_fen=amount_fen,
            buyer_paid_fen=amount_fen,
            created_at=at,
            expires_at=at + timedelta(minutes=5),
            accepted_batch_no=1,
            store_id=store_id,
            broker_id=broker_id,
            opener_id=broker_id,
            risk_decision="PASS",
            risk_score=0,
            fact_set_no=0,
            fact_values=[],
            risk_release_no=1,
            release_no=1,
            paid_at=at,
            business_date=day,
            fee_fen=fee_fen,
            cost_fen=cost_fen,
            eligible_margin_fen=eligible if margin_fen is None else margin_fen,
            stream_id=None if in_stream is None else in_stream.stream_id,
            captured_batch_no=1,
        )
    )
    legs = payment_legs(
        merchant_id=merchant_id,
        payment_id=payment_id,
        settle_amount_fen=amount_fen,
        fee_fen=fee_fen,
        cost_fen=cost_fen,
        business_date=day,
        posted_at=at,
        release_no=1,
    )
    post(connection, legs)
    return Paid(
        payment_id=payment_id,
        merchant_id=merchant_id,
        stream=in_stream,
        store_id=store_id,
        broker_id=broker_id,
    )


def give_back(
    connection: Connection,
    paid: Paid,
    *,
    amount_fen: int,
    fee_back_fen: int,
    cost_back_fen: int,
    day: date = DAY1,
) -> int:
    """A SUCCESS refund in the payment's stream, with its legs; return its id."""
    refund_id = next(_ids)
    connection.execute(
        insert(refund).values(
            merchant_id=paid.merchant_id,
            refund_id=refund_id,
            payment_id=paid.payment_id,
            merchant_refund_no=f"R{refund_id}",
            request_hash=b"",
            state="SUCCESS",
            amount_fen=amount_fen,
            requested_at=noon(day),
            refunded_at=noon(day),
            business_date=day,
            fee_back_fen=fee_back_fen,
            cost_back_fen=cost_back_fen,
            eligible_margin_delta_fen=cost_back_fen - fee_back_fen,
            stream_id=None if paid.stream is None else paid.stream.stream_id,
            store_id=paid.store_id,
            broker_id=paid.broker_id,
            opener_id=paid.broker_id,
            batch_no=1,
            release_no=1,
        )
    )
    legs = refund_legs(
        merchant_id=paid.merchant_id,
        refund_id=refund_id,
        amount_fen=amount_fen,
        fee_back_fen=fee_back_fen,
        cost_back_fen=cost_back_fen,
        business_date=day,
        posted_at=noon(day),
        release_no=1,
    )
    post(connection, legs)
    return refund_id


W1_SALES = (
    # amount, fee at 0.38 %, cost at 0.22 %
    (5000, 19, 11),
    (1280, 5, 3),
    (12850, 49, 28),
    (600, 2, 1),
    (99999, 380, 220),
)


def sell_w1(connection: Connection, *, day: date = DAY1, in_stream: Stream | None = None) -> tuple[Paid, ...]:
    """The five sales of the day W1: fees 455, costs 263, margins 192."""
    joined = in_stream or stream(paid_on=day)
    return tuple(
        pay(connection, amount_fen=amount, fee_fen=fee, cost_fen=cost, day=day, in_stream=joined)
        for amount, fee, cost in W1_SALES
    )


NOW = datetime(2025, 3, 11, 2, tzinfo=UTC)
