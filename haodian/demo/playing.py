"""Play events of the demo world against the real committer and the simulated channels, as fast as they go.

Events are taken in time order, a thousand at a time; each round is one group commit of the round's orders
with what the channels said of the orders before. A refund asks for its order when the payment is booked, so
it follows two rounds later. Playing the same events again finds everything done: orders have keys.

A sign ends its round, and the captures before it are committed before it is written: events are then told in
the order in which they happened, as they would be in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from haodian.demo.events import Event, PayEvent, RefundEvent, Sign
from haodian.demo.showcase import SHOWCASE
from haodian.demo.signs import write_sign
from payments_core.channels import ChannelOrder, Outcome, Reply, Simulator
from payments_core.database import transaction
from payments_core.payments import (
    Accepted,
    AcceptRequest,
    Capture,
    Committer,
    Failure,
    RefundAccepted,
    Refunded,
    RefundRequest,
    RefundResult,
    Settled,
    State,
)
from payments_core.payments.model import Item
from payments_core.payments.polling import item_of
from payments_core.privacy import Sealer

ROUND_EVENTS = 1_000
ROUND_ITEMS = 4 * ROUND_EVENTS
"""The batch limit of a committer for playing: a round with its captures and refunds is one batch."""

Report = Callable[[int], None]
"""Called after each round with the number of events played so far."""


@dataclass(slots=True, kw_only=True)
class Played:
    """What became of the events; `refused` were not even written."""

    payments: int = 0
    succeeded: int = 0
    failed: int = 0
    risk_rejected: int = 0
    refunds: int = 0
    refused: int = 0


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """What the next round has to say: channels' words, refunds to ask for, orders to ask about again.

    `later` are refunds for the round after it: the captures of their orders are only being committed.
    """

    items: list[Item] = field(default_factory=list)
    refunds: list[RefundEvent] = field(default_factory=list)
    later: list[RefundEvent] = field(default_factory=list)
    silent: list[ChannelOrder] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.items or self.refunds or self.later or self.silent)


class Player:
    """Plays events on one committer, whose batch limit should be ROUND_ITEMS."""

    def __init__(
        self, *, engine: Engine, committer: Committer, sealer: Sealer, channel: Simulator | None = None
    ) -> None:
        """Play against `channel`, by default the one simulator of all channels."""
        self._engine, self._committer, self._sealer = engine, committer, sealer
        self._channel = channel or Simulator(delay_ms=(200, 2_500))
        self._hashes: dict[str, str] = {}

    def play(self, events: Iterable[Event | Sign], *, report: Report = lambda done: None) -> Played:
        """Play events in order, then wait for every answer that is due."""
        played, waiting, done = Played(), _Waiting(), 0
        now: datetime | None = None
        for chunk, sign in _rounds(events):
            now = sign.at if sign is not None else chunk[-1].at
            waiting = self._round(chunk, waiting, now, played)
            if sign is not None:
                waiting = self._round((), waiting, now, played)
                with transaction(self._engine) as connection:
                    write_sign(connection, sign)
            done += len(chunk)
            report(done)
        while waiting and now is not None:
            now += timedelta(seconds=5)
            waiting = self._round((), waiting, now, played)
        return played

    def _round(self, chunk: Sequence[Event], waiting: _Waiting, now: datetime, played: Played) -> _Waiting:
        pays = [event for event in chunk if isinstance(event, PayEvent)]
        requests = [self._request(event) for event in pays]
        asked = self._refund_requests(waiting.refunds)
        again = self._ask_again(waiting.silent)
        now = max([now, *(i.paid_at for i in waiting.items if isinstance(i, Capture))])
        items: list[Item] = [*requests, *waiting.items, *asked, *again]
        answers = self._committer.commit(items, now=now) if items else []
        following = _Waiting(refunds=waiting.later)
        following.later = [e for e in chunk if isinstance(e, RefundEvent)]
        for event, request, answer in zip(pays, requests, answers, strict=False):
            played.payments += 1
            if isinstance(answer, Accepted):
                self._charge(event, request, answer, following, played)
            else:
                played.refused += 1
        for answer in answers[len(requests) :]:
            self._count(answer, following, now, played)
        return following

    def _charge(
        self, event: PayEvent, request: AcceptRequest, answer: Accepted, following: _Waiting, played: Played
    ) -> None:
        if answer.state is not State.PAYING:
            played.risk_rejected += answer.state is State.FAILED
            return
        order = ChannelOrder(
            order_no=answer.payment_id,
            merchant_id=request.merchant_id,
            channel=request.channel,
            amount_fen=request.amount_fen,
            created_at=request.created_at,
        )
        reply = _showcase_reply(order) if event.label == SHOWCASE else self._channel.charged(order)
        item = item_of(order, reply)
        if item is None:
            following.silent.append(order)
        else:
            following.items.append(item)

    def _count(self, answer: object, following: _Waiting, now: datetime, played: Played) -> None:
        if isinstance(answer, Settled):
            played.succeeded += answer.state is State.SUCCESS
            played.failed += answer.state is not State.SUCCESS
        elif isinstance(answer, RefundAccepted):
            following.items.append(
                RefundResult(
                    merchant_id=answer.merchant_id, refund_id=answer.refund_id, succeeded=True, at=now
                )
            )
        elif isinstance(answer, Refunded):
            played.refunds += 1
        else:
            played.refused += 1

    def _ask_again(self, silent: Sequence[ChannelOrder]) -> list[Capture | Failure]:
        """Return what the channels say now of orders whose charge they did not answer."""
        if not silent:
            return []

        async def ask() -> list[Reply]:
            return [await self._channel.query(order) for order in silent]

        items = (item_of(order, reply) for order, reply in zip(silent, asyncio.run(ask()), strict=True))
        return [item for item in items if isinstance(item, Capture | Failure)]

    def _refund_requests(self, events: Sequence[RefundEvent]) -> list[RefundRequest]:
        """Return the refunds of those orders that hold money; the others were never paid."""
        if not events:
            return []
        sql = text(
            "SELECT p.merchant_id, p.merchant_order_no, p.payment_id FROM"
            " unnest(cast(:merchants AS text[]), cast(:orders AS text[])) AS k (merchant_id, order_no)"
            " JOIN payment p ON p.merchant_id = k.merchant_id AND p.merchant_order_no = k.order_no"
            " WHERE p.state = 'SUCCESS'"
        )
        keys = {"merchants": [e.merchant_id for e in events], "orders": [e.order_no for e in events]}
        with transaction(self._engine) as connection:
            found = {(row[0], row[1]): row[2] for row in connection.execute(sql, keys)}
        return [
            RefundRequest(
                merchant_id=e.merchant_id,
                payment_id=found[e.merchant_id, e.order_no],
                merchant_refund_no=e.refund_no,
                amount_fen=e.amount_fen,
                requested_at=e.at,
                reason="顾客退款",
            )
            for e in events
            if (e.merchant_id, e.order_no) in found
        ]

    def _request(self, event: PayEvent) -> AcceptRequest:
        return AcceptRequest(
            merchant_id=event.merchant_id,
            merchant_order_no=event.order_no,
            amount_fen=event.amount_fen,
            channel=event.channel,
            mode=event.mode,
            card_type=event.card_type,
            bank_code=event.bank_code,
            payer_id=self._payer_hash(event.payer_id),
            device_id=event.device_id,
            device_distance_m=event.device_distance_m,
            created_at=event.at,
        )

    def _payer_hash(self, payer_id: str) -> str:
        """Return the salted hash of a payer, remembered for the regulars."""
        if len(self._hashes) > 200_000:
            self._hashes.clear()
        found = self._hashes.get(payer_id)
        if found is None:
            found = self._hashes[payer_id] = self._sealer.hash_payer(payer_id)
        return found


def _rounds(events: Iterable[Event | Sign]) -> Iterator[tuple[list[Event], Sign | None]]:
    """Yield the events in rounds, each with the sign that ends it where one does."""
    chunk: list[Event] = []
    for event in events:
        sign = None if isinstance(event, PayEvent | RefundEvent) else event
        if isinstance(event, PayEvent | RefundEvent):
            chunk.append(event)
        if sign is not None or len(chunk) == ROUND_EVENTS:
            yield chunk, sign
            chunk = []
    if chunk:
        yield chunk, None


def _showcase_reply(order: ChannelOrder) -> Reply:
    """Let the showcase payments succeed whatever their number: their figures are in the documents."""
    return Reply(outcome=Outcome.SUCCESS, channel_order_no=f"42000{order.order_no}", at=order.created_at)
