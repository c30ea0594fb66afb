"""C07: who may serve a merchant, from when, below whom: each refusal with its code, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, text

from payments_core import hierarchy
from payments_core.calendar import SHANGHAI
from payments_core.database import transaction
from payments_core.errors import PaymentsCoreError
from payments_core.merchants import bindings, operations
from payments_core.settlement import close_day
from tests.builders import BROKER, MERCHANT, OTHER_STORE, STORE, SUCCESSOR, build_merchant, build_org

AT = datetime(2025, 3, 16, tzinfo=SHANGHAI)
TABLES = ("org_edge", "org_path", "broker_membership", "merchant_binding", "merchant", "device", "lane")


@pytest.fixture(autouse=True)
def world(engine: Engine) -> None:
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        build_merchant(connection, "M00002")
        operations.bind_device(connection, device_id="SPK-1", merchant_id=MERCHANT, type="SPEAKER")


def contents(engine: Engine) -> list[list[str]]:
    with transaction(engine) as connection:
        return [sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")))) for table in TABLES]


def bind(connection: Connection, role: str = "opener", at: datetime = AT) -> None:
    bindings.bind(
        connection, merchant_id=MERCHANT, broker_id=SUCCESSOR, store_id=OTHER_STORE, role=role, at=at
    )


def close(engine: Engine) -> None:
    with transaction(engine) as connection:
        close_day(connection, business_date=AT.date(), now=AT + timedelta(days=2))


REFUSED: dict[str, tuple[str, Callable[[Connection], object]]] = {
    "another opener": ("BINDING_OVERLAP", bind),
    "below itself": (
        "ORG_CYCLE",
        lambda c: hierarchy.move_node(c, node_id="D01", parent_id="D01", at=AT),
    ),
    "below its own store": (
        "ORG_CYCLE",
        lambda c: hierarchy.move_node(c, node_id="D01", parent_id=STORE, at=AT),
    ),
    "past a level": ("ORG_LEVEL", lambda c: hierarchy.move_node(c, node_id=STORE, parent_id="BJ", at=AT)),
    "a node twice": (
        "NODE_EXISTS",
        lambda c: hierarchy.create_node(
            c, node_id="D01", kind=hierarchy.Kind.DISTRICT, name="望京", parent_id="BJ", at=AT
        ),
    ),
    "a device of another merchant": (
        "DEVICE_BOUND",
        lambda c: operations.bind_device(c, device_id="SPK-1", merchant_id="M00002", type="SPEAKER"),
    ),
}
BACKDATED: dict[str, Callable[[Connection], object]] = {
    "bind": lambda c: bind(c, "maintainer"),
    "unbind": lambda c: bindings.unbind(c, merchant_id=MERCHANT, role="opener", at=AT),
    "claim": lambda c: bindings.claim(c, merchant_id=MERCHANT, broker_id=SUCCESSOR, at=AT),
    "leave": lambda c: bindings.broker_leaves(c, broker_id=BROKER, at=AT),
    "transfer": lambda c: bindings.transfer_broker(
        c, broker_id=BROKER, to_store_id=OTHER_STORE, at=AT, choice=bindings.Choice.FOLLOW_BROKER
    ),
    "move": lambda c: hierarchy.move_node(c, node_id=STORE, parent_id="D01", at=AT),
}


def refused(engine: Engine, change: Callable[[Connection], object]) -> PaymentsCoreError:
    before = contents(engine)
    with pytest.raises(PaymentsCoreError) as refusal, transaction(engine) as connection:
        change(connection)
    assert contents(engine) == before
    return refusal.value


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_change_leaves_everything_as_it_was(engine: Engine, case: str) -> None:
    code, change = REFUSED[case]
    assert refused(engine, change).code == code


@pytest.mark.parametrize("case", BACKDATED)
def test_nothing_reaches_back_into_a_closed_day(engine: Engine, case: str) -> None:
    close(engine)
    refusal = refused(engine, BACKDATED[case])
    assert refusal.code == "PERIOD_CLOSED"
    assert "调整" in refusal.chinese  # what to do instead
    assert refusal.fields["closed_through"] == "2025-03-16"


@pytest.mark.parametrize("attempt", range(8))  # the race has to be met, and one attempt may miss it
def test_of_eight_claims_at_once_one_wins(engine: Engine, attempt: int) -> None:
    start = Barrier(8)

    def claim(_: int) -> str:
        with engine.connect() as connection:
            start.wait()
            try:
                with connection.begin():
                    bindings.claim(connection, merchant_id=MERCHANT, broker_id=SUCCESSOR, at=AT)
            except PaymentsCoreError as refusal:
                return refusal.code
        return "WON"

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = sorted(pool.map(claim, range(8)))
    assert answers == ["ALREADY_CLAIMED"] * 7 + ["WON"]
    with transaction(engine) as connection:
        held = "SELECT broker_id FROM merchant_binding WHERE role = 'maintainer'"
        assert connection.execute(text(held)).scalars().all() == [SUCCESSOR]
