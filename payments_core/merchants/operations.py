"""Create merchants, change their state, bind their devices. Who serves them: bindings.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, text, update
from sqlalchemy.dialects.postgresql import insert as on_conflict_insert
from sqlalchemy.exc import IntegrityError

from payments_core.database.lane import bump_directory, tell
from payments_core.merchants.errors import DeviceBound, DeviceNotFound, MerchantExists, MerchantNotFound
from payments_core.merchants.tables import device, device_report, merchant

ACTIVATED = "merchant.activated"


def create_merchant(
    connection: Connection,
    *,
    merchant_id: str,
    name: str,
    type: str,
    mcc: str,
    city_id: str,
    activated_at: datetime,
    address: str = "",
    latitude_e6: int | None = None,
    longitude_e6: int | None = None,
    tags: Sequence[str] = (),
    risk_grade: str = "LOW",
    owner_payer_hash: str = "",
    subject_hash: str | None = None,
) -> None:
    """Create an ACTIVE merchant nobody serves yet. Raises MerchantExists: one merchant a legal subject."""
    values = {
        "merchant_id": merchant_id,
        "name": name,
        "type": type,
        "mcc": mcc,
        "city_id": city_id,
        "activated_at": activated_at,
        "address": address,
        "latitude_e6": latitude_e6,
        "longitude_e6": longitude_e6,
        "tags": list(tags),
        "risk_grade": risk_grade,
        "owner_payer_hash": owner_payer_hash,
        "subject_hash": subject_hash,
    }
    try:
        with connection.begin_nested():
            made = insert(merchant).values(values).returning(merchant.c.merchant_no)
            merchant_no = connection.execute(made).scalar_one()
    except IntegrityError as error:
        raise MerchantExists(merchant_id=merchant_id) from error
    touch(connection, merchant_ids=(merchant_id,))
    tell(connection, merchant_id=merchant_id, subject_id=merchant_no, topic=ACTIVATED, at=activated_at)


def change_merchant(
    connection: Connection,
    *,
    merchant_id: str,
    status: str | None = None,
    risk_grade: str | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Change what is given and leave the rest. Raises MerchantNotFound."""
    given = {"status": status, "risk_grade": risk_grade, "tags": None if tags is None else list(tags)}
    values = {column: value for column, value in given.items() if value is not None}
    if values:
        connection.execute(update(merchant).where(merchant.c.merchant_id == merchant_id).values(values))
    touch(connection, merchant_ids=(merchant_id,))


def bind_device(connection: Connection, *, device_id: str, merchant_id: str, type: str) -> None:
    """Register a device at a merchant; again at the same one changes nothing. Raises DeviceBound."""
    found = connection.execute(
        text("SELECT merchant_id FROM device WHERE device_id = :id FOR UPDATE"), {"id": device_id}
    ).scalar_one_or_none()
    if found is not None and found != merchant_id:
        raise DeviceBound(device_id=device_id)
    if found is None:
        number = bump_directory(connection)
        values = {
            "device_id": device_id,
            "merchant_id": merchant_id,
            "type": type,
            "directory_no": number,
        }
        connection.execute(insert(device).values(values))


def report_device(
    connection: Connection, *, device_id: str, state: str, at: datetime, distance_m: int = -1
) -> None:
    """Keep that a device went ONLINE or OFFLINE, `distance_m` from its place (−1: not known).

    The same report again changes nothing. Raises DeviceNotFound.
    """
    found = text("SELECT merchant_id FROM device WHERE device_id = :id")
    merchant_id = connection.execute(found, {"id": device_id}).scalar_one_or_none()
    if merchant_id is None:
        raise DeviceNotFound(device_id=device_id)
    values = {
        "device_id": device_id,
        "merchant_id": merchant_id,
        "state": state,
        "at": at,
        "distance_m": distance_m,
    }
    made = on_conflict_insert(device_report).values(values).on_conflict_do_nothing()
    report_no = connection.execute(made.returning(device_report.c.report_no)).scalar_one_or_none()
    if report_no is not None:
        topic = f"device.{state.lower()}"
        tell(connection, merchant_id=merchant_id, subject_id=report_no, topic=topic, at=at)


def touch(connection: Connection, *, merchant_ids: Sequence[str]) -> int:
    """Stamp changed merchants with a new directory version and return it. Raises MerchantNotFound."""
    number = bump_directory(connection)
    stamped = connection.execute(
        text(
            "UPDATE merchant SET directory_no = :number WHERE merchant_id = ANY(:ids) RETURNING merchant_id"
        ),
        {"number": number, "ids": list(merchant_ids)},
    ).scalars()
    missing = sorted(set(merchant_ids) - set(stamped))
    if missing:
        raise MerchantNotFound(merchant_id=missing[0])
    return number
