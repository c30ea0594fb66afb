"""进件: an application becomes a merchant that can take a payment at once.

In this version a clean application is approved as it is submitted; one whose subject is on the blacklist
waits in AUDITING for `decide`, which is risk's alone. Further states (account verification, signing,
reporting to each channel) come with workflows; numbers at the channels are the simulator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.forms import Form, kept_answers, validate
from payments_core import audit, hierarchy
from payments_core.calendar import business_date_of
from payments_core.merchants import bindings, identifiers, operations
from payments_core.merchants.errors import (
    ApplicationDecided,
    ApplicationNotFound,
    BrokerNotInStore,
    FormInvalid,
    FormUnfit,
    MerchantExists,
)
from payments_core.merchants.tables import application, merchant, subject_blacklist
from payments_core.privacy import Sealer

AUDITING, ACTIVE, REJECTED = "AUDITING", "ACTIVE", "REJECTED"

_TYPES = frozenset({"MICRO", "INDIVIDUAL", "COMPANY"})
_NO_TAG = "STANDARD"
_E6 = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What became of an application; `merchant_id` is None until there is a merchant."""

    application_id: str
    state: str
    merchant_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What opening a merchant needs of an answer. None of it is personal, so none of it is sealed."""

    name: str
    type: str
    mcc: str
    address: str
    latitude_e6: int
    longitude_e6: int
    tags: tuple[str, ...]
    channels: tuple[str, ...]


def submit(
    connection: Connection,
    *,
    form: Form,
    release_commit: str,
    answers: Mapping[str, object],
    broker_id: str,
    store_id: str,
    submitted_by: str,
    now: datetime,
    sealer: Sealer,
    role: str = "broker",
) -> Application:
    """Take an application, and open the merchant unless its subject is on the blacklist.

    Raises FormInvalid with every finding, MerchantExists for a subject that has a merchant or an application
    waiting, BrokerNotInStore, FormUnfit, and what hierarchy raises for an unknown broker or store. Personal
    answers are sealed, hidden ones dropped.
    """
    findings = validate(form, answers, as_of=business_date_of(now))
    if findings:
        raise FormInvalid(findings=findings)
    kept = kept_answers(form, answers)
    terms, subjects = _terms(kept), _subjects(kept, sealer)
    _ensure_at_store(connection, broker_id, store_id, now)
    identifiers.lock_numbering(connection)
    _ensure_new_subject(connection, subjects[0])
    is_clean = not _is_blacklisted(connection, subjects)
    # Past this point the operation must succeed.
    row: dict[str, Any] = {
        "application_id": identifiers.next_application_id(connection, day=business_date_of(now)),
        "form_id": form.id,
        "form_commit": release_commit,
        "state": AUDITING,
        "answers": _sealed(form, kept, sealer),
        "broker_id": broker_id,
        "store_id": store_id,
        "submitted_by": submitted_by,
        "submitted_at": now,
        "subject_hash": subjects[0],
    }
    connection.execute(insert(application), row)
    made = Application(application_id=row["application_id"], state=AUDITING, merchant_id=None)
    if is_clean:
        made = _open(connection, row, terms, risk_grade="LOW", now=now)
    detail = {"broker": broker_id, "store": store_id, "state": made.state, "merchant": made.merchant_id}
    _record(connection, made, "submit", actor=submitted_by, role=role, now=now, detail=detail)
    return made


def decide(
    connection: Connection, *, application_id: str, approve: bool, decided_by: str, reason: str, now: datetime
) -> Application:
    """Approve (the merchant opens with risk grade MID) or reject an application that waits in AUDITING.

    Raises ApplicationNotFound, ApplicationDecided.
    """
    identifiers.lock_numbering(connection)
    found = connection.execute(
        select(application).where(application.c.application_id == application_id).with_for_update()
    ).first()
    if found is None:
        raise ApplicationNotFound(application_id=application_id)
    if found.state != AUDITING:
        raise ApplicationDecided(application_id=application_id, state=found.state)
    # Past this point the operation must succeed.
    if approve:
        row = dict(found._mapping)
        made = _open(connection, row, _terms(row["answers"]), risk_grade="MID", now=now)
    else:
        made = Application(application_id=application_id, state=REJECTED, merchant_id=None)
        _set_state(connection, made)
    what = "approve" if approve else "reject"
    detail = {"reason": reason, "merchant": made.merchant_id}
    _record(connection, made, what, actor=decided_by, role="risk", now=now, detail=detail)
    return made


def blacklist_subject(
    connection: Connection, *, subject: str, reason: str, listed_by: str, now: datetime, sealer: Sealer
) -> None:
    """Put a licence or ID number on the blacklist: its applications wait for risk. Again changes nothing."""
    values = {
        "subject_hash": sealer.hash_subject(subject),
        "reason": reason,
        "listed_by": listed_by,
        "listed_at": now,
    }
    connection.execute(upsert(subject_blacklist).values(values).on_conflict_do_nothing())


def _subjects(kept: Mapping[str, Any], sealer: Sealer) -> tuple[str, ...]:
    """Return the hash that stands for the subject, and those of everybody else who answers for it."""
    numbers = [kept[name] for name in ("licence_no", "legal_id_no", "holder_id_no") if name in kept]
    if not numbers:
        raise FormUnfit(detail="licence_no, legal_id_no")
    return tuple(sealer.hash_subject(number) for number in numbers)


def _ensure_at_store(connection: Connection, broker_id: str, store_id: str, now: datetime) -> None:
    broker = hierarchy.get_broker(connection, broker_id=broker_id, at=now)
    if broker.store_id != store_id or broker.status is not hierarchy.BrokerStatus.ACTIVE:
        raise BrokerNotInStore(broker_id=broker_id, store_id=store_id)


def _ensure_new_subject(connection: Connection, subject_hash: str) -> None:
    opened = select(merchant.c.merchant_id).where(merchant.c.subject_hash == subject_hash)
    waiting = select(application.c.application_id).where(
        application.c.subject_hash == subject_hash, application.c.state == AUDITING
    )
    # Whose it is stays unsaid: the merchant may lie outside the scope of whoever applies.
    if connection.execute(opened.union_all(waiting)).first() is not None:
        raise MerchantExists


def _is_blacklisted(connection: Connection, subjects: tuple[str, ...]) -> bool:
    listed = select(subject_blacklist.c.subject_hash).where(subject_blacklist.c.subject_hash.in_(subjects))
    return connection.execute(listed).first() is not None


def _sealed(form: Form, kept: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
    return {
        name: sealer.seal(value, field=name) if name in form.pii else value for name, value in kept.items()
    }


def _terms(answers: Mapping[str, Any]) -> _Terms:
    """Return what opening needs. Raises FormUnfit: a form that lets these be missing or odd is at fault."""
    try:
        terms = _Terms(
            name=answers["short_name"],
            type=answers["type"],
            mcc=answers["mcc"],
            address=answers["address"],
            latitude_e6=int(Decimal(answers["latitude"]) * _E6),
            longitude_e6=int(Decimal(answers["longitude"]) * _E6),
            tags=() if answers["fee_plan"] == _NO_TAG else (answers["fee_plan"],),
            channels=tuple(answers["channels"]),
        )
    except (KeyError, TypeError, InvalidOperation) as error:
        raise FormUnfit(detail=str(error)) from error
    unknown = {terms.type} - _TYPES | set(terms.channels) - identifiers.CHANNEL_NUMBERS.keys()
    if unknown:
        raise FormUnfit(detail=", ".join(sorted(unknown)))
    return terms


def _open(
    connection: Connection, row: Mapping[str, Any], terms: _Terms, *, risk_grade: str, now: datetime
) -> Application:
    """Create the merchant of an application with everything that taking a payment needs."""
    number = identifiers.next_merchant_number(connection)
    merchant_id = identifiers.merchant_id_of(number)
    store = hierarchy.get_node(connection, node_id=row["store_id"], at=now)
    operations.create_merchant(
        connection,
        merchant_id=merchant_id,
        name=terms.name,
        type=terms.type,
        mcc=terms.mcc,
        city_id=store.city_id or "",
        activated_at=now,
        address=terms.address,
        latitude_e6=terms.latitude_e6,
        longitude_e6=terms.longitude_e6,
        tags=terms.tags,
        risk_grade=risk_grade,
        subject_hash=row["subject_hash"],
    )
    for served_as in ("opener", "maintainer"):
        bindings.bind(
            connection,
            merchant_id=merchant_id,
            broker_id=row["broker_id"],
            store_id=row["store_id"],
            role=served_as,
            at=now,
            reason=f"onboarding:{row['application_id']}",
        )
    plate_id = identifiers.plate_id_of(merchant_id)
    operations.bind_device(connection, device_id=plate_id, merchant_id=merchant_id, type="QR_PLATE")
    _register_at_channels(connection, merchant_id, number, terms.channels)
    made = Application(application_id=row["application_id"], state=ACTIVE, merchant_id=merchant_id)
    _set_state(connection, made)
    return made


def _register_at_channels(
    connection: Connection, merchant_id: str, number: int, channels: tuple[str, ...]
) -> None:
    rows = [
        {"c": channel, "n": identifiers.sub_merchant_no(channel=channel, number=number), "m": merchant_id}
        for channel in channels
    ]
    # Plain SQL, because `channels` lies above `merchants` and declares the table.
    sql = "INSERT INTO channel_merchant (channel, sub_merchant_no, merchant_id) VALUES (:c, :n, :m)"
    connection.execute(text(sql), rows)


def _set_state(connection: Connection, made: Application) -> None:
    connection.execute(
        update(application)
        .where(application.c.application_id == made.application_id)
        .values(state=made.state, merchant_id=made.merchant_id)
    )


def _record(
    connection: Connection,
    made: Application,
    what: str,
    *,
    actor: str,
    role: str,
    now: datetime,
    detail: Mapping[str, object],
) -> None:
    """Append to the audit log; always last, because everybody locks the lane before the audit chain."""
    audit.append(
        connection,
        actor=actor,
        role=role,
        action=f"application.{what}",
        subject=made.application_id,
        detail=detail,
        now=now,
    )
