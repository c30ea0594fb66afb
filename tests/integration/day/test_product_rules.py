"""A day under the product's own settlement policy and profit share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.rulebook import Rulebook, check
from payments_core.calendar import day_bounds
from payments_core.database import transaction
from payments_core.fees import EVALUATORS
from payments_core.ledger import prove
from payments_core.merchants import operations
from payments_core.profit_share import stream_for
from payments_core.settlement import get_settlement, run_day
from tests.builders import BROKER, DAY1, MERCHANT, STORE, build_merchant, build_org, noon, pay, sell_w1

ROOT = Path(__file__).parent.parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    rulebook: Rulebook

    def get(self, _release: object) -> Releases:
        return self


@pytest.fixture(scope="module")
def releases() -> Releases:
    paths = (path for path in (ROOT / "rules").rglob("*") if path.is_file())
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    book, findings = check(files=files, evaluators=EVALUATORS)
    assert book is not None, findings
    return Releases(rulebook=book)


def test_beijings_rule_makes_the_lines_it_says(releases: Releases) -> None:
    rule = releases.rulebook.in_force(kind="profit_share", at=noon(DAY1), scope={"city": "BJ"})
    facts = {name: fact.default for name, fact in releases.rulebook.vocabulary.facts.items()}
    facts |= {"broker.level": "P4", "store.active_merchants": 20}
    joined = stream_for(
        rule=rule,
        merchant_id=MERCHANT,
        store_id=STORE,
        opener=((BROKER, 1_000_000),),
        maintainer=(),
        paid_on=DAY1,
        facts=facts,
    )
    assert joined is not None
    assert (joined.rule_id, joined.rounding) == ("ps.beijing.default", "HALF_UP")
    assert [(line.party_id, line.rate_ppm) for line in joined.lines] == [
        (BROKER, 240_000), (BROKER, 160_000), (BROKER, 20_000), (STORE, 50_000),
    ]  # fmt: skip
    written = rule.text.splitlines()
    assert [
        next(rate for rate in ("0.24", "0.16", "0.02", "0.05") if rate in written[line.rule_line - 1])
        for line in joined.lines
    ] == ["0.24", "0.16", "0.02", "0.05"]


def test_a_high_risk_merchant_is_held_for_seven_days_and_then_paid(
    engine: Engine, releases: Releases
) -> None:
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)
        operations.change_merchant(connection, merchant_id=MERCHANT, risk_grade="HIGH")
        sell_w1(connection)
    days = [DAY1 + timedelta(days=n) for n in range(8)]
    for day in days:
        run_day(engine, releases, business_date=day, now=day_bounds(day)[1])
        if day == days[0]:
            with transaction(engine) as connection:
                held = get_settlement(connection, merchant_id=MERCHANT, business_date=day)
                assert (held.plan_fen, held.hold_fen, held.real_fen) == (119_274, 119_274, 0)
                assert (held.kept_until, held.hold_ids, held.rule_id) == (days[7], ("H001",), "settle.d1")
                operations.change_merchant(connection, merchant_id=MERCHANT, risk_grade="LOW")
                pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, day=days[1])
    with transaction(engine) as connection:
        second = get_settlement(connection, merchant_id=MERCHANT, business_date=days[1])
        assert (second.carried_in_fen, second.hold_fen, second.real_fen) == (119_274, 119_274, 4981)
        last = get_settlement(connection, merchant_id=MERCHANT, business_date=days[7])
        assert (last.carried_in_fen, last.hold_fen, last.real_fen) == (119_274, 0, 119_274)
        assert prove(connection).passed
