"""A small organisation with daily facts whose every sum can be done in the head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, text

from payments_core.database import transaction

NOW = datetime(2025, 5, 14, 3, 42, tzinfo=UTC)
MAY_1 = date(2025, 5, 1)

# store, district, city
STORES = (("S1", "D1", "BJ"), ("S2", "D1", "BJ"), ("S3", "D2", "BJ"), ("S4", "D3", "SH"))
# broker, store
BROKERS = (("B1", "S1"), ("B2", "S1"), ("B3", "S2"), ("B4", "S3"), ("B5", "S4"))
# merchant, broker
MERCHANTS = (("M1", "B1"), ("M2", "B1"), ("M3", "B2"), ("M4", "B3"), ("M5", "B4"), ("M6", "B5"))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Write facts; read through `engine`."""

    engine: Engine

    def fact(
        self,
        merchant_id: str,
        on: date,
        amount_fen: int,
        *,
        count: int = 1,
        broker_id: str = "",
        opened: bool = False,
    ) -> None:
        """Add one day of one merchant: fee 1 %, cost 0.5 %, share 0.2 % of the amount."""
        broker = broker_id or dict(MERCHANTS)[merchant_id]
        store = dict(BROKERS)[broker]
        district, city = {s: (d, c) for s, d, c in STORES}[store]
        with transaction(self.engine) as connection:
            connection.execute(
                text(
                    """INSERT INTO fact_day (merchant_id, business_date, store_id, broker_id, district_id,
                    city_id, opened,
                    payment_count, payment_fen, fee_fen, cost_fen, broker_share_fen)
                    VALUES (:m, :on, :s, :b, :d, :c, :opened, :n, :fen, :fen / 100, :fen / 200, :fen / 500)"""
                ),
                {
                    "m": merchant_id,
                    "on": on,
                    "s": store,
                    "b": broker,
                    "d": district,
                    "c": city,
                    "opened": opened,
                    "n": count,
                    "fen": amount_fen,
                },
            )

    def move(self, merchant_id: str, *, to: str, on: date) -> None:
        """Let broker `to` serve the merchant from `on`."""
        with transaction(self.engine) as connection:
            connection.execute(
                text(
                    "UPDATE merchant_binding SET valid = tstzrange(lower(valid), :at)"
                    " WHERE merchant_id = :m AND upper_inf(valid)"
                ),
                {"m": merchant_id, "at": on},
            )
            _bind(connection, merchant_id, to, on)


@pytest.fixture
def world(engine: Engine) -> World:
    """The organisation without any facts."""
    with transaction(engine) as connection:
        _units(connection)
        for broker_id, store_id in BROKERS:
            _broker(connection, broker_id, store_id)
        for merchant_id, broker_id in MERCHANTS:
            connection.execute(
                text(
                    "INSERT INTO merchant (merchant_id, name, type, mcc, city_id, activated_at)"
                    " VALUES (:m, 'shop ' || :m, 'INDIVIDUAL', '5812', 'BJ', '2025-01-01')"
                ),
                {"m": merchant_id},
            )
            _bind(connection, merchant_id, broker_id, date(2025, 1, 1))
    return World(engine=engine)


def _units(connection: Connection) -> None:
    units = {"HQ": ("HQ", (None, None, None))}
    for store, district, city in STORES:
        units[city] = ("CITY", (city, None, None))
        units[district] = ("DISTRICT", (city, district, None))
        units[store] = ("STORE", (city, district, store))
    for node_id, (kind, (city, district, store)) in units.items():
        number = connection.execute(
            text(
                "INSERT INTO org_node (node_id, kind, name, opened_on, target_gmv_month_fen)"
                " VALUES (:id, :kind, 'unit ' || :id, '2025-01-01', :target) RETURNING node_no"
            ),
            {"id": node_id, "kind": kind, "target": 30_000 if kind == "STORE" else None},
        ).scalar_one()
        connection.execute(
            text(
                "INSERT INTO org_path (node_no, node_id, valid, path, city_id, district_id, store_id)"
                " VALUES (:no, :id, tstzrange('2025-01-01', NULL), :id, :city, :district, :store)"
            ),
            {"no": number, "id": node_id, "city": city, "district": district, "store": store},
        )


def _broker(connection: Connection, broker_id: str, store_id: str) -> None:
    number = connection.execute(
        text(
            "INSERT INTO broker (broker_id, name, joined_on) VALUES (:b, 'broker ' || :b, '2025-01-01') "
            "RETURNING broker_no"
        ),
        {"b": broker_id},
    ).scalar_one()
    connection.execute(
        text(
            "INSERT INTO broker_membership (broker_id, broker_no, store_id, valid)"
            " VALUES (:b, :no, :s, tstzrange('2025-01-01', NULL))"
        ),
        {"b": broker_id, "no": number, "s": store_id},
    )


def _bind(connection: Connection, merchant_id: str, broker_id: str, on: date) -> None:
    for role in ("opener", "maintainer"):
        connection.execute(
            text(
                "INSERT INTO merchant_binding (merchant_id, merchant_no, broker_id, store_id, role, valid)"
                " SELECT :m, merchant_no, :b, :s, :role, tstzrange(:at, NULL) FROM merchant WHERE "
                "merchant_id = :m"
            ),
            {"m": merchant_id, "b": broker_id, "s": dict(BROKERS)[broker_id], "role": role, "at": on},
        )
