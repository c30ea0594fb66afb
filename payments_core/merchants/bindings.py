"""Who serves a merchant since when: bind, unbind, hand over, transfer a broker, let one leave, claim.

A binding is one broker in one role over a half-open period. The transfer of a broker to another store is one
decision about all merchants they hold a role at:

    STAY_WITH_STORE   the successor takes over what the broker held; merchants stay with the store
    FOLLOW_BROKER     merchants follow the broker to the new store
    HANDOVER          for some days old and new broker share the role by weight, then the successor has it

A change reaching back into a closed business day is refused (PERIOD_CLOSED). Payments keep the stream they
were captured in, so nothing here touches what has been sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from payments_core import hierarchy
from payments_core.merchants.errors import (
    AlreadyClaimed,
    BindingNotFound,
    BindingOverlap,
    HandoverIncomplete,
    MerchantNotFound,
)
from payments_core.merchants.operations import touch
from payments_core.money import RATE


class Choice(StrEnum):
    """What becomes of a broker's merchants when they change stores."""

    STAY_WITH_STORE = "STAY_WITH_STORE"
    FOLLOW_BROKER = "FOLLOW_BROKER"
    HANDOVER = "HANDOVER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One broker's part of a role."""

    broker_id: str
    store_id: str
    weight_ppm: int = RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """For `days` the old broker keeps `kept_ppm` of the role and the successor has the rest."""

    days: int
    kept_ppm: int = RATE // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A role a broker holds at a merchant."""

    merchant_id: str
    role: str
    slot: int
    store_id: str


def bind(
    connection: Connection,
    *,
    merchant_id: str,
    broker_id: str,
    store_id: str,
    role: str,
    at: datetime,
    until: datetime | None = None,
    reason: str = "",
) -> None:
    """Give a free role to one broker from `at` (to `until`).

    Raises BindingOverlap, PeriodClosed, MerchantNotFound.
    """
    hierarchy.ensure_open(connection, at=at)
    part = Part(broker_id=broker_id, store_id=store_id)
    _insert(connection, merchant_id, role, (part,), at, until, reason)
    touch(connection, merchant_ids=(merchant_id,))


def unbind(connection: Connection, *, merchant_id: str, role: str, at: datetime) -> None:
    """End a role at `at`; where nobody else serves the merchant it falls to the shared pool.

    Raises BindingNotFound, PeriodClosed.
    """
    hierarchy.ensure_open(connection, at=at)
    if not _end(connection, merchant_id, role, at):
        raise BindingNotFound(merchant_id=merchant_id, role=role)
    touch(connection, merchant_ids=(merchant_id,))


def rebind(
    connection: Connection,
    *,
    merchant_id: str,
    role: str,
    to: Sequence[Part],
    at: datetime,
    handover_until: datetime | None = None,
    reason: str = "",
) -> None:
    """Give a role from `at` on to `to`, ending who held it and whatever was planned after.

    With `handover_until` the parts share the role by weight until then, and the last of them has it alone
    from then on. Raises PeriodClosed, MerchantNotFound.
    """
    hierarchy.ensure_open(connection, at=at)
    _end(connection, merchant_id, role, at)
    _insert(connection, merchant_id, role, to, at, handover_until, reason)
    if handover_until is not None:
        alone = Part(broker_id=to[-1].broker_id, store_id=to[-1].store_id)
        _insert(connection, merchant_id, role, (alone,), handover_until, None, reason)
    touch(connection, merchant_ids=(merchant_id,))


def transfer_broker(
    connection: Connection,
    *,
    broker_id: str,
    to_store_id: str,
    at: datetime,
    choice: Choice,
    successor_id: str | None = None,
    handover: Handover | None = None,
) -> tuple[Held, ...]:
    """Move a broker to another store at `at` and settle what becomes of every role they hold.

    Returns the roles that changed. Raises HandoverIncomplete where the choice lacks its successor or
    handover, and what `hierarchy.join_store` raises.
    """
    if choice is not Choice.FOLLOW_BROKER and successor_id is None:
        raise HandoverIncomplete(choice=choice)
    if (choice is Choice.HANDOVER) != (handover is not None):
        raise HandoverIncomplete(choice=choice)
    hierarchy.join_store(connection, broker_id=broker_id, store_id=to_store_id, at=at)
    held = list_held(connection, broker_id=broker_id, at=at)
    for role in held:
        parts, until = _after_transfer(role, broker_id, to_store_id, at, successor_id, handover)
        rebind(
            connection,
            merchant_id=role.merchant_id,
            role=role.role,
            to=parts,
            at=at,
            handover_until=until,
            reason=f"transfer:{choice}",
        )
    return held


def broker_leaves(connection: Connection, *, broker_id: str, at: datetime) -> tuple[Held, ...]:
    """End a broker's membership and all their roles at `at`; what they have earned is still paid.

    Returns the roles given up. A role shared in a handover passes to the other broker whole; a merchant left
    with neither maintainer nor opener is in the shared pool.
    """
    held = list_held(connection, broker_id=broker_id, at=at)
    hierarchy.leave(connection, broker_id=broker_id, at=at)
    for role in held:
        others = _others(connection, role, broker_id, at)
        if others:
            alone = Part(broker_id=others[0].broker_id, store_id=others[0].store_id)
            rebind(
                connection, merchant_id=role.merchant_id, role=role.role, to=(alone,), at=at, reason="leaver"
            )
        else:
            _end(connection, role.merchant_id, role.role, at)
    if held:
        touch(connection, merchant_ids=sorted({role.merchant_id for role in held}))
    return held


def claim(connection: Connection, *, merchant_id: str, broker_id: str, at: datetime) -> None:
    """Take a merchant out of the shared pool as its maintainer. Of two brokers one wins: AlreadyClaimed."""
    store_id = hierarchy.get_broker(connection, broker_id=broker_id, at=at).store_id
    if store_id is None:
        raise hierarchy.BrokerLeft(broker_id=broker_id)
    try:
        bind(
            connection,
            merchant_id=merchant_id,
            broker_id=broker_id,
            store_id=store_id,
            role="maintainer",
            at=at,
            reason="claim",
        )
    except BindingOverlap as error:
        raise AlreadyClaimed(merchant_id=merchant_id) from error


def list_held(connection: Connection, *, broker_id: str, at: datetime) -> tuple[Held, ...]:
    """Return every role the broker holds at `at` or is planned to hold later, by merchant and role."""
    found = connection.execute(
        text(
            "SELECT DISTINCT ON (merchant_id, role) merchant_id, role, slot, store_id FROM merchant_binding"
            " WHERE broker_id = :broker_id AND (upper_inf(valid) OR upper(valid) > :at)"
            " ORDER BY merchant_id, role, lower(valid)"
        ),
        {"broker_id": broker_id, "at": at},
    ).mappings()
    return tuple(Held(**dict(row)) for row in found)


def _after_transfer(
    held: Held,
    broker_id: str,
    to_store_id: str,
    at: datetime,
    successor_id: str | None,
    handover: Handover | None,
) -> tuple[tuple[Part, ...], datetime | None]:
    if successor_id is None:
        return (Part(broker_id=broker_id, store_id=to_store_id),), None
    if handover is None:
        return (Part(broker_id=successor_id, store_id=held.store_id),), None
    parts = (
        Part(broker_id=broker_id, store_id=held.store_id, weight_ppm=handover.kept_ppm),
        Part(broker_id=successor_id, store_id=held.store_id, weight_ppm=RATE - handover.kept_ppm),
    )
    return parts, at + timedelta(days=handover.days)


def _others(connection: Connection, held: Held, broker_id: str, at: datetime) -> tuple[Part, ...]:
    found = connection.execute(
        text(
            "SELECT broker_id, store_id FROM merchant_binding WHERE merchant_id = :merchant_id"
            " AND role = :role AND broker_id <> :broker_id AND (upper_inf(valid) OR upper(valid) > :at)"
            " ORDER BY lower(valid), slot"
        ),
        {"merchant_id": held.merchant_id, "role": held.role, "broker_id": broker_id, "at": at},
    ).mappings()
    return tuple(Part(**dict(row)) for row in found)


def _end(connection: Connection, merchant_id: str, role: str, at: datetime) -> bool:
    """End what holds the role at `at` and drop what is planned after; return whether anything did."""
    values = {"merchant_id": merchant_id, "role": role, "at": at}
    dropped = connection.execute(_DROP_PLANNED, values).rowcount
    return bool(dropped + connection.execute(_SHORTEN, values).rowcount)


def _insert(
    connection: Connection,
    merchant_id: str,
    role: str,
    parts: Sequence[Part],
    at: datetime,
    until: datetime | None,
    reason: str,
) -> None:
    merchant_no = connection.execute(
        text("SELECT merchant_no FROM merchant WHERE merchant_id = :id"), {"id": merchant_id}
    ).scalar_one_or_none()
    if merchant_no is None:
        raise MerchantNotFound(merchant_id=merchant_id)
    rows = [
        {
            "merchant_id": merchant_id,
            "merchant_no": merchant_no,
            "broker_id": part.broker_id,
            "store_id": part.store_id,
            "role": role,
            "slot": slot,
            "weight_ppm": part.weight_ppm,
            "at": at,
            "until": until,
            "reason": reason,
        }
        for slot, part in enumerate(parts)
    ]
    try:
        with connection.begin_nested():
            connection.execute(_NEW, rows)
    except IntegrityError as error:
        raise BindingOverlap(merchant_id=merchant_id, role=role) from error


_NEW = text(
    "INSERT INTO merchant_binding (merchant_id, merchant_no, broker_id, store_id, role, slot, weight_ppm,"
    " valid, reason) VALUES (:merchant_id, :merchant_no, :broker_id, :store_id, :role, :slot, :weight_ppm,"
    " tstzrange(:at, :until), :reason)"
)
_DROP_PLANNED = text(
    "DELETE FROM merchant_binding WHERE merchant_id = :merchant_id AND role = :role AND lower(valid) >= :at"
)
_SHORTEN = text(
    "UPDATE merchant_binding SET valid = tstzrange(lower(valid), :at) WHERE merchant_id = :merchant_id"
    " AND role = :role AND valid @> CAST(:at AS timestamptz)"
)
