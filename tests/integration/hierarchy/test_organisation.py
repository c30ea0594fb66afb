"""The dated organisation: moves, paths as of an instant, brokers and the merchants they serve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from payments_core import hierarchy
from payments_core.calendar import SHANGHAI
from payments_core.database import transaction
from payments_core.hierarchy import Kind
from payments_core.merchants import bindings, operations
from payments_core.merchants.errors import (
    AlreadyClaimed,
    BindingNotFound,
    BindingOverlap,
    DeviceBound,
    HandoverIncomplete,
    MerchantExists,
    MerchantNotFound,
)
from tests.builders import BROKER, MERCHANT, OTHER_STORE, START, STORE, SUCCESSOR, build_merchant, build_org

MOVE = datetime(2025, 3, 16, tzinfo=SHANGHAI)
BEFORE = MOVE - timedelta(microseconds=1)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        build_org(connection)
        build_merchant(connection)
        yield connection
        connection.rollback()


def test_a_moved_district_takes_its_stores_along_from_that_instant(connection: Connection) -> None:
    hierarchy.create_node(connection, node_id="SH", kind=Kind.CITY, name="上海", parent_id="HQ", at=START)
    hierarchy.move_node(connection, node_id="D01", parent_id="SH", at=MOVE)
    assert hierarchy.get_node(connection, node_id=STORE, at=BEFORE).path == "HQ/BJ/D01/S001"
    after = hierarchy.get_node(connection, node_id=STORE, at=MOVE)
    assert (after.path, after.city_id, after.district_id, after.store_id) == (
        "HQ/SH/D01/S001",
        "SH",
        "D01",
        STORE,
    )
    assert [n.node_id for n in hierarchy.list_breadcrumb(connection, node_id=STORE, at=MOVE)] == [
        "HQ", "SH", "D01", STORE,
    ]  # fmt: skip
    assert hierarchy.list_children(connection, node_id="BJ", at=MOVE) == ()
    assert [n.node_id for n in hierarchy.list_children(connection, node_id="BJ", at=BEFORE)] == ["D01"]


def test_every_node_is_the_child_of_its_parent_at_every_instant(connection: Connection) -> None:
    hierarchy.create_node(
        connection, node_id="D02", kind=Kind.DISTRICT, name="国贸", parent_id="BJ", at=START
    )
    hierarchy.move_node(connection, node_id=STORE, parent_id="D02", at=MOVE)
    for at in (BEFORE, MOVE):
        nodes = hierarchy.list_nodes(connection, at=at)
        found = {"HQ"} | {
            c.node_id for n in nodes for c in hierarchy.list_children(connection, node_id=n.node_id, at=at)
        }
        assert found == {n.node_id for n in nodes}


def test_refused_moves(connection: Connection) -> None:
    with pytest.raises(hierarchy.OrgCycle):
        hierarchy.move_node(connection, node_id="D01", parent_id=STORE, at=MOVE)
    with pytest.raises(hierarchy.OrgCycle):
        hierarchy.move_node(connection, node_id="D01", parent_id="D01", at=MOVE)
    with pytest.raises(hierarchy.OrgLevel):
        hierarchy.move_node(connection, node_id=STORE, parent_id="BJ", at=MOVE)
    with pytest.raises(hierarchy.NodeNotFound):
        hierarchy.move_node(connection, node_id=STORE, parent_id="D99", at=MOVE)
    with pytest.raises(hierarchy.NodeExists):
        hierarchy.create_node(connection, node_id="BJ", kind=Kind.CITY, name="北京", parent_id="HQ", at=START)
    with pytest.raises(hierarchy.NodeNotFound):
        hierarchy.get_node(connection, node_id=STORE, at=START - timedelta(days=1))


def test_nothing_reaches_back_into_a_closed_day(connection: Connection) -> None:
    closed = "INSERT INTO business_day (business_date, state) VALUES ('2025-03-16', 'CLOSED')"
    connection.execute(text(closed))
    with pytest.raises(hierarchy.PeriodClosed):
        hierarchy.move_node(connection, node_id=STORE, parent_id="D01", at=MOVE)
    with pytest.raises(hierarchy.PeriodClosed):
        hierarchy.join_store(connection, broker_id=BROKER, store_id=OTHER_STORE, at=MOVE)
    with pytest.raises(hierarchy.PeriodClosed):
        bindings.bind(
            connection, merchant_id=MERCHANT, broker_id=BROKER, store_id=STORE, role="maintainer", at=MOVE
        )
    hierarchy.join_store(connection, broker_id=BROKER, store_id=OTHER_STORE, at=MOVE + timedelta(days=1))


def test_a_broker_works_at_one_store_at_a_time(connection: Connection) -> None:
    hierarchy.join_store(connection, broker_id=BROKER, store_id=OTHER_STORE, at=MOVE)
    assert hierarchy.get_broker(connection, broker_id=BROKER, at=BEFORE).store_id == STORE
    assert hierarchy.get_broker(connection, broker_id=BROKER, at=MOVE).store_id == OTHER_STORE
    assert [b.broker_id for b in hierarchy.list_brokers(connection, store_id=OTHER_STORE, at=MOVE)] == [
        BROKER, SUCCESSOR,
    ]  # fmt: skip
    with pytest.raises(hierarchy.MembershipOverlap):
        hierarchy.join_store(connection, broker_id=BROKER, store_id=STORE, at=BEFORE)


def held(connection: Connection, role: str, at: datetime) -> list[tuple[str, int]]:
    found = connection.execute(
        text(
            "SELECT broker_id, weight_ppm FROM merchant_binding WHERE merchant_id = :m AND role = :role"
            " AND valid @> CAST(:at AS timestamptz) ORDER BY slot"
        ),
        {"m": MERCHANT, "role": role, "at": at},
    )
    return [(row[0], row[1]) for row in found]


def test_a_role_has_one_holder(connection: Connection) -> None:
    with pytest.raises(BindingOverlap):
        bindings.bind(
            connection, merchant_id=MERCHANT, broker_id=SUCCESSOR, store_id=STORE, role="opener", at=MOVE
        )
    bindings.unbind(connection, merchant_id=MERCHANT, role="opener", at=MOVE)
    assert held(connection, "opener", BEFORE) == [(BROKER, 1_000_000)]
    assert held(connection, "opener", MOVE) == []
    with pytest.raises(BindingNotFound):
        bindings.unbind(connection, merchant_id=MERCHANT, role="maintainer", at=MOVE)


def test_a_leaver_gives_up_everything_and_one_claim_wins(connection: Connection) -> None:
    given_up = bindings.broker_leaves(connection, broker_id=BROKER, at=MOVE)
    assert [(h.merchant_id, h.role) for h in given_up] == [(MERCHANT, "opener")]
    assert held(connection, "opener", MOVE) == []
    gone = hierarchy.get_broker(connection, broker_id=BROKER, at=MOVE)
    assert (gone.status, gone.store_id) == (hierarchy.BrokerStatus.LEFT, None)
    with pytest.raises(hierarchy.BrokerLeft):
        hierarchy.join_store(connection, broker_id=BROKER, store_id=STORE, at=MOVE)
    bindings.claim(connection, merchant_id=MERCHANT, broker_id=SUCCESSOR, at=MOVE)
    with pytest.raises(AlreadyClaimed):
        bindings.claim(connection, merchant_id=MERCHANT, broker_id=SUCCESSOR, at=MOVE)


def test_a_leaver_in_a_handover_leaves_the_role_to_the_other(connection: Connection) -> None:
    bindings.transfer_broker(
        connection,
        broker_id=BROKER,
        to_store_id=OTHER_STORE,
        at=MOVE,
        choice=bindings.Choice.HANDOVER,
        successor_id=SUCCESSOR,
        handover=bindings.Handover(days=10, kept_ppm=600_000),
    )
    assert held(connection, "opener", MOVE) == [(BROKER, 600_000), (SUCCESSOR, 400_000)]
    leaves_at = MOVE + timedelta(days=3)
    bindings.broker_leaves(connection, broker_id=BROKER, at=leaves_at)
    assert held(connection, "opener", leaves_at) == [(SUCCESSOR, 1_000_000)]


def test_a_handover_must_be_complete(connection: Connection) -> None:
    key = {"broker_id": BROKER, "to_store_id": OTHER_STORE, "at": MOVE}
    with pytest.raises(HandoverIncomplete):
        bindings.transfer_broker(connection, choice=bindings.Choice.STAY_WITH_STORE, **key)
    with pytest.raises(HandoverIncomplete):
        bindings.transfer_broker(connection, choice=bindings.Choice.HANDOVER, successor_id=SUCCESSOR, **key)


def test_every_change_moves_the_directory(engine: Engine) -> None:
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        before = connection.execute(text("SELECT directory_no FROM lane")).scalar_one()
        bindings.unbind(connection, merchant_id=MERCHANT, role="opener", at=MOVE)
        after = connection.execute(text("SELECT directory_no FROM lane")).scalar_one()
        stamped = connection.execute(text("SELECT directory_no FROM merchant")).scalar_one()
        assert stamped == after > before


def test_one_device_one_merchant(connection: Connection) -> None:
    build_merchant(connection, "M00002")
    for _ in range(2):
        operations.bind_device(connection, device_id="SPK-1", merchant_id=MERCHANT, type="SPEAKER")
    with pytest.raises(DeviceBound):
        operations.bind_device(connection, device_id="SPK-1", merchant_id="M00002", type="SPEAKER")


def test_merchants_are_created_once_and_changed_by_name(connection: Connection) -> None:
    with pytest.raises(MerchantExists):
        build_merchant(connection)
    operations.change_merchant(connection, merchant_id=MERCHANT, status="FROZEN", tags=("WHOLESALE",))
    row = connection.execute(text("SELECT status, tags, risk_grade FROM merchant")).one()
    assert tuple(row) == ("FROZEN", ["WHOLESALE"], "LOW")
    with pytest.raises(MerchantNotFound):
        operations.change_merchant(connection, merchant_id="M99999", status="FROZEN")
