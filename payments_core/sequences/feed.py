"""The outbox as events: what happened, in the order in which it came to be known, with its facts.

Only what never changes is a fact here: the same commit read again a week later is the same event. What else a
rule of kind `sequence` may read is said by `supplied` in rules/kinds/sequence.yaml, and a test compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text

from engine.expressions import Value, Vocabulary
from engine.sequences import Event, microseconds
from payments_core.calendar import SHANGHAI

TYPES: Mapping[str, str] = {
    "payment.succeeded": "PAYMENT_CAPTURED",
    "payment.failed": "PAYMENT_FAILED",
    "refund.succeeded": "PAYMENT_REFUNDED",
    "merchant.activated": "MERCHANT_ACTIVATED",
    "device.online": "DEVICE_ONLINE",
    "device.offline": "DEVICE_OFFLINE",
}
"""Topics of the outbox that are events of sequences, by the name rules give them."""
ROUND_FEN = 10_000
Read = Callable[[Any], Any]


def _of_payment(read: Read) -> Read:
    """Return the same for rows about a payment, and None for others."""
    return lambda row: None if row.payment_id is None else read(row)


def _local(read: Callable[[datetime], Any]) -> Read:
    return _of_payment(lambda row: read(row.at.astimezone(SHANGHAI)))


FACTS: Mapping[str, Read] = {
    "event.type": lambda row: TYPES[row.topic],
    "merchant.id": attrgetter("merchant_id"),
    "merchant.type": attrgetter("merchant_type"),
    "merchant.mcc": attrgetter("mcc"),
    "merchant.city": attrgetter("city_id"),
    "device.sn": attrgetter("device_id"),
    "device.merchant_id": lambda row: row.merchant_id if row.device_id else None,
    "device.distance_m": attrgetter("distance_m"),
    "txn.id": _of_payment(lambda row: f"P{row.payment_id}"),
    "txn.type": _of_payment(lambda row: "REFUND" if row.refunded_fen is not None else "PAY"),
    "txn.amount_fen": lambda row: row.amount_fen if row.refunded_fen is None else row.refunded_fen,
    "txn.channel": attrgetter("channel"),
    "txn.mode": attrgetter("mode"),
    "txn.card_type": attrgetter("card_type"),
    "txn.bank_code": attrgetter("bank_code"),
    "txn.payer_id": attrgetter("payer_hash"),
    "txn.device_distance_m": attrgetter("device_distance_m"),
    "txn.is_round_amount": _of_payment(lambda row: (row.refunded_fen or row.amount_fen) % ROUND_FEN == 0),
    "txn.date_cst": _local(lambda at: at.date().isoformat()),
    "txn.hour_cst": _local(lambda at: at.hour),
    "txn.weekday_cst": _local(lambda at: at.isoweekday()),
    "txn.minute_of_day_cst": _local(lambda at: at.hour * 60 + at.minute),
}
"""Every fact an event can have; None is what the event does not say, and reads as the fact's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The events of whole commits up to `commit_no`, in order."""

    events: tuple[Event, ...]
    commit_no: int


class Feed:
    """Reads the outbox, each event with the facts in `reads`."""

    def __init__(self, *, vocabulary: Vocabulary, reads: Iterable[str]) -> None:
        """Prepare to read; what no event says has the default of `vocabulary`."""
        names = sorted(reads)
        self._facts: dict[str, Value] = {name: vocabulary.facts[name].default for name in names}
        self._read = tuple((name, FACTS[name]) for name in names if name in FACTS)

    def page(self, connection: Connection, *, after: int, through: int, limit: int) -> Page:
        """Return what commits after `after` told: at least one, at most `through`, some `limit` rows."""
        asked = {"after": after, "through": through, "limit": limit}
        last = connection.execute(_LAST, asked).scalar_one()
        if last is None:
            return Page(events=(), commit_no=through)
        told = connection.execute(_EVENTS, {"after": after, "through": last, "topics": list(TYPES)})
        events = tuple(map(self._event, told))
        return Page(events=events, commit_no=last)

    def _event(self, row: Any) -> Event:
        facts = self._facts.copy()
        for name, read in self._read:
            value = read(row)
            if value is not None:
                facts[name] = value
        return Event(
            id=f"{row.topic}/{row.merchant_id}/{row.subject_id}",
            at_us=microseconds(row.at),
            seen_us=microseconds(row.seen_at),
            facts=facts,
        )


def first_since(connection: Connection, *, at: datetime) -> int:
    """Return the commit before the first one that tells of something at `at` or later."""
    sql = text("SELECT coalesce(min(commit_no) - 1, 0) FROM outbox WHERE at >= :at")
    return int(connection.execute(sql, {"at": at}).scalar_one())


_LAST = text("""
SELECT max(commit_no) FROM (SELECT commit_no FROM outbox WHERE commit_no > :after AND commit_no <= :through
ORDER BY commit_no LIMIT :limit) AS next
""")
_EVENTS = text("""
SELECT o.topic, o.merchant_id, o.subject_id, o.at, o.seen_at, m.type AS merchant_type, m.mcc, m.city_id,
  p.payment_id, p.amount_fen, p.channel, p.mode, p.card_type, p.bank_code, p.payer_hash, p.device_distance_m,
  r.amount_fen AS refunded_fen, coalesce(d.device_id, p.device_id) AS device_id, d.distance_m
FROM outbox o JOIN merchant m ON m.merchant_id = o.merchant_id
LEFT JOIN refund r ON o.topic LIKE 'refund.%' AND r.merchant_id = o.merchant_id AND r.refund_id = o.subject_id
LEFT JOIN payment p ON o.topic ~ '^(payment|refund)[.]' AND p.merchant_id = o.merchant_id
  AND p.payment_id = coalesce(r.payment_id, o.subject_id)
LEFT JOIN device_report d ON o.topic LIKE 'device.%' AND d.report_no = o.subject_id
WHERE o.commit_no > :after AND o.commit_no <= :through AND o.topic = ANY (:topics)
ORDER BY o.commit_no, o.seen_at, o.at, o.topic, o.merchant_id, o.subject_id
""")
