"""Create merchants, change their state, bind their devices. Who serves them: bindings.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, text, update
from sqlalchemy.exc import IntegrityError

from payments_core.database.lane import bump_directory
from payments_core.merchants.errors import DeviceBound, MerchantExists, MerchantNotFound
from payments_core.merchants.tables import device, merchant


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
            connection.execute(insert(merchant).values(values))
    except IntegrityError as error:
        raise MerchantExists(merchant_id=merchant_id) from error
    touch(connection, merchant_ids=(merchant_id,))


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
