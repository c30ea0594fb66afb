"""How applications, merchants, plates and numbers at the channels are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from sqlalchemy import Connection, text

CHANNEL_NUMBERS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"WECHAT": ("16", 8), "ALIPAY": ("2088", 12), "UNIONPAY_QR": ("898", 12), "BANKCARD": ("899", 12)}
)
"""How a channel numbers its merchants: a prefix and that many digits. The simulator gives them at once."""

_NUMBERING_LOCK = 0x4841_4F4E_554D  # "HAONUM": whoever gives out numbers goes alone, until their commit


def lock_numbering(connection: Connection) -> None:
    """Make others who give out numbers wait until this transaction ends; taken before the two below."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _NUMBERING_LOCK})


def next_application_id(connection: Connection, *, day: date) -> str:
    """Return the day's next application number, such as JJ-20250416-00001."""
    prefix = f"JJ-{day:%Y%m%d}-"
    sql = "SELECT max(application_id) FROM application WHERE application_id LIKE :pattern"
    last: str | None = connection.execute(text(sql), {"pattern": f"{prefix}%"}).scalar()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:05d}"


def next_merchant_number(connection: Connection) -> int:
    """Return one more than the highest number of a merchant id: 2 where M00001 is the only one."""
    sql = "SELECT max(substr(merchant_id, 2)::bigint) FROM merchant WHERE merchant_id ~ '^M[0-9]{1,12}$'"
    return int(connection.execute(text(sql)).scalar() or 0) + 1


def merchant_id_of(number: int) -> str:
    """Return the id of the merchant numbered `number`: M00001."""
    return f"M{number:05d}"


def plate_id_of(merchant_id: str) -> str:
    """Return the id of the QR plate a merchant is opened with."""
    return f"QRP-{merchant_id}"


def sub_merchant_no(*, channel: str, number: int) -> str:
    """Return the number by which `channel` knows the merchant numbered `number`."""
    prefix, digits = CHANNEL_NUMBERS[channel]
    return f"{prefix}{number:0{digits}d}"
