"""Every fact of facts.yaml either has a source on the payment path or says `supplied: false`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from engine.expressions import Fact, FactType, Vocabulary
from engine.expressions.vocabulary import INT_MAX, INT_MIN
from engine.rulebook import check
from haodian.checking import read_folder
from payments_core.merchants.directory import Directory
from payments_core.merchants.model import BrokerView, DeviceView, MerchantView, Served
from payments_core.payments import AcceptRequest
from payments_core.payments.facts import FactReader
from payments_core.settlement.stats import rebuild_stats
from tests.builders import DAY1, build_merchant, build_org

ROOT = Path(__file__).parent.parent.parent.parent
ONLINE = ("txn", "merchant", "broker", "store", "district", "city", "device", "now")
# Constant on this path: only payments are accepted, refunds are never priced by rules. The distance comes
# with the request, whose own default says the same as the fact's.
GIVEN = {"txn.type"}
NOW = datetime(2025, 4, 15, 2, 0, tzinfo=UTC)
ODD: dict[FactType, tuple[Any, Any]] = {
    FactType.INT: (-424_242, -434_343),
    FactType.BOOL: (False, True),
    FactType.STRING: ("nobody-1", "nobody-2"),
    FactType.LIST_STRING: (("nobody-1",), ("nobody-2",)),
    FactType.TIMESTAMP: (datetime(1999, 1, 1, tzinfo=UTC), datetime(1998, 1, 1, tzinfo=UTC)),
}


class OneOfEach(Directory):
    """A directory that knows one broker, one device and one store."""

    def broker(self, broker_id: str) -> BrokerView:
        return BrokerView(broker_id=broker_id, level="P1", status="ACTIVE", payer_hash="")

    def device(self, device_id: str) -> DeviceView:
        return DeviceView(device_id=device_id, merchant_id="M1", type="POS", status="ACTIVE")


def _with_default(fact: Fact, default: Any) -> Fact:
    bounds = {"min": INT_MIN, "max": INT_MAX} if fact.type is FactType.INT else {}
    return replace(fact, default=default, values=(), **bounds)


def read_with(facts: tuple[Fact, ...], odd: int, figures: dict[str, Any]) -> dict[str, Any]:
    """Read every fact where each default is an odd value that nothing real has."""
    vocabulary = Vocabulary.of(facts=[_with_default(fact, ODD[fact.type][odd]) for fact in facts])
    merchant = MerchantView(
        merchant_id="M1", name="M", type="MICRO", mcc="5812", status="ACTIVE", city_id="BJ", tags=("A",),
        risk_grade="LOW", owner_payer_hash="", activated_at=NOW, figures=figures,
    )  # fmt: skip
    request = AcceptRequest(
        merchant_id="M1", merchant_order_no="1", amount_fen=1, channel="WECHAT", mode="SCANNED",
        created_at=NOW, device_id="D1",
    )  # fmt: skip
    reader = FactReader(
        vocabulary=vocabulary,
        reads=[f.name for f in facts if f.name.split(".")[0] in ONLINE],
        directory=OneOfEach(),
    )
    return reader.read(request, merchant, Served(store_id="S1", broker_id="B1"), NOW)


def test_every_fact_has_a_source_or_says_that_it_has_none(engine: Engine) -> None:
    with engine.begin() as connection:
        build_org(connection)
        build_merchant(connection)
        rebuild_stats(connection, as_of=DAY1)
        figures = connection.execute(text("SELECT figures FROM merchant_stats")).scalars().first()
    rulebook, _ = check(files=read_folder(ROOT))
    assert rulebook is not None
    facts = tuple(rulebook.vocabulary.facts.values())
    first, second = read_with(facts, 0, figures), read_with(facts, 1, figures)
    unsupplied = {
        fact.name
        for fact in facts
        if fact.name in first and (first[fact.name], second[fact.name]) == ODD[fact.type]
    }
    declared = {fact.name for fact in facts if not fact.supplied and fact.name.split(".")[0] in ONLINE}
    assert unsupplied - GIVEN == declared
