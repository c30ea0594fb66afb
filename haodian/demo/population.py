"""Write the people and places of the demo world, by COPY, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from haodian.demo import plan
from haodian.demo.world import Broker, Merchant, World
from payments_core.access import Grant, Role, create_user, hash_password
from payments_core.calendar import SHANGHAI
from payments_core.database import Scope
from payments_core.database.lane import bump_directory
from payments_core.hierarchy.paths import rebuild_below
from payments_core.privacy import Sealer

DEMO_PASSWORD = "haodian-2025"
_OPENED_AT = datetime(plan.OPENED.year, plan.OPENED.month, plan.OPENED.day, tzinfo=SHANGHAI)
# As long as the real ones: prefix and digits.
_NUMBERS = {"WECHAT": ("16", 8), "ALIPAY": ("2088", 12), "UNIONPAY_QR": ("898", 12), "BANKCARD": ("899", 12)}
MERCHANT_LOGINS = 5
"""The first few merchants have a login; a broker, a store and a district each have one."""

LOGINS = (
    ("ops", "运营·林晓", Role.HQ_OPS),
    ("ops2", "运营·高远", Role.HQ_OPS),
    ("risk", "风控·沈默", Role.RISK),
    ("risk2", "风控·季青", Role.RISK),
    ("finance", "财务·许诺", Role.FINANCE),
    ("finance2", "财务·唐果", Role.FINANCE),
    ("auditor", "审计·严谨", Role.AUDITOR),
    ("admin", "管理员", Role.ADMIN),
)
"""Who sees the whole city; all logins have the password DEMO_PASSWORD."""


def write_population(connection: Connection, *, world: World, sealer: Sealer) -> None:
    """Write organisation, brokers, merchants, devices, numbers at the channels, logins. Expects none."""
    _write_organisation(connection, world)
    _write_brokers(connection, world.brokers, sealer)
    number = bump_directory(connection)
    _write_merchants(connection, world.merchants, sealer, number)
    _write_logins(connection, world)


def sub_merchant_no(merchant: Merchant, channel: str) -> str:
    """Return the number the channel has given the merchant."""
    prefix, digits = _NUMBERS[channel]
    return f"{prefix}{merchant.number + 1:0{digits}d}"


def _write_organisation(connection: Connection, world: World) -> None:
    numbers, opened = {n.node_id: number for number, n in enumerate(world.nodes, start=1)}, plan.OPENED
    _copy(
        connection, "org_node (node_no, node_id, kind, name, manager_name, opened_on, target_gmv_month_fen)",
        (
            (numbers[n.node_id], n.node_id, n.kind, n.name, n.manager_name, opened, n.target_gmv_month_fen)
            for n in world.nodes
        ),
    )  # fmt: skip
    _copy(
        connection,
        "org_edge (node_no, parent_no, valid)",
        (
            (numbers[n.node_id], numbers[n.parent_id], _period(_OPENED_AT, None))
            for n in world.nodes
            if n.parent_id
        ),
    )
    _advance(connection, "org_node", "node_no")
    rebuild_below(connection, node_no=numbers["HQ"])


def payer_of(broker_id: str) -> str:
    """Return the id under which a channel would know the broker as a payer."""
    return f"payer-broker-{broker_id}"


def _write_brokers(connection: Connection, brokers: tuple[Broker, ...], sealer: Sealer) -> None:
    numbered = list(enumerate(brokers, start=1))
    _copy(
        connection,
        "broker (broker_no, broker_id, name, level, status, joined_on, phone_sealed, payer_hash)",
        (
            (
                no,
                b.broker_id,
                b.name,
                b.level,
                b.status,
                b.joined_on,
                sealer.seal(b.phone, field="broker.phone"),
                sealer.hash_payer(payer_of(b.broker_id)),
            )
            for no, b in numbered
        ),
    )
    _copy(
        connection,
        "broker_membership (broker_id, broker_no, store_id, valid)",
        (
            (b.broker_id, no, m.store_id, _period(m.since, m.until))
            for no, b in numbered
            for m in b.memberships
        ),
    )
    _advance(connection, "broker", "broker_no")


def _write_merchants(
    connection: Connection, merchants: tuple[Merchant, ...], sealer: Sealer, directory_no: int
) -> None:
    _copy(
        connection,
        "merchant (merchant_no, merchant_id, name, type, mcc, city_id, address, latitude_e6, longitude_e6,"
        " owner_payer_hash, activated_at, subject_hash, directory_no)",
        (
            (
                m.number + 1, m.merchant_id, m.name, m.type, m.mcc, plan.CITY, m.address, m.latitude_e6,
                m.longitude_e6, sealer.hash_payer(m.owner_payer_id), m.activated_at,
                sealer.hash_subject(f"DEMO{m.number + 1:014d}"), directory_no,
            )
            for m in merchants
        ),
    )  # fmt: skip
    _advance(connection, "merchant", "merchant_no")
    _copy(
        connection,
        "merchant_binding (merchant_id, merchant_no, broker_id, store_id, role, valid, reason)",
        (
            (m.merchant_id, m.number + 1, s.broker_id, s.store_id, role, _period(s.since, s.until), s.reason)
            for m in merchants
            for s in m.services
            for role in ("opener", "maintainer")
        ),
    )
    _copy(
        connection,
        "device (device_id, merchant_id, type, status, latitude_e6, longitude_e6, directory_no)",
        (
            (d.device_id, m.merchant_id, d.type, d.status, m.latitude_e6, m.longitude_e6, directory_no)
            for m in merchants
            for d in m.devices
        ),
    )
    _copy(
        connection,
        "channel_merchant (channel, sub_merchant_no, merchant_id)",
        ((c, sub_merchant_no(m, c), m.merchant_id) for m in merchants for c, _ in plan.CHANNELS),
    )


def _write_logins(connection: Connection, world: World) -> None:
    password_hash = hash_password(DEMO_PASSWORD)  # once: argon2 is slow on purpose
    for login, name, grant in _logins(world):
        create_user(connection, login=login, name=name, password_hash=password_hash, grants=(grant,))


def _logins(world: World) -> Iterator[tuple[str, str, Grant]]:
    for login, name, role in LOGINS:
        yield login, name, Grant(role=role, scope=Scope(kind="all"))
    for node in world.nodes:
        login, name = node.node_id.lower(), node.manager_name
        if node.kind == "CITY":
            yield login, name, Grant(role=Role.CITY_MANAGER, scope=Scope(kind="city", id=node.node_id))
        elif node.kind == "DISTRICT":
            yield (
                login,
                name,
                Grant(role=Role.DISTRICT_MANAGER, scope=Scope(kind="district", id=node.node_id)),
            )
        elif node.kind == "STORE":
            yield login, name, Grant(role=Role.STORE_OWNER, scope=Scope(kind="store", id=node.node_id))
    for broker in world.brokers:
        if broker.status == "ACTIVE":
            scope = Scope(kind="broker", id=broker.broker_id)
            yield broker.broker_id.lower(), broker.name, Grant(role=Role.BROKER, scope=scope)
    for merchant in world.merchants[:MERCHANT_LOGINS]:
        scope = Scope(kind="merchant", id=merchant.merchant_id)
        yield merchant.merchant_id.lower(), merchant.name, Grant(role=Role.MERCHANT, scope=scope)


def _copy(connection: Connection, target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _advance(connection: Connection, table: str, column: str) -> None:
    """Let the identity column go on after the numbers written here."""
    sql = f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}))"
    connection.execute(text(sql))


def _period(since: datetime, until: datetime | None) -> str:
    return f"[{since.isoformat()},{until.isoformat() if until else ''})"
