"""The demo world through the real committer and the real business day, and back out as channel bills."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from haodian.demo.bill_files import lines_of_day, write_alipay_bill, write_wechat_bill
from haodian.demo.population import DEMO_PASSWORD, LOGINS
from haodian.demo.world import world_of
from payments_core import access
from payments_core.bills import import_bill
from payments_core.database import transaction
from payments_core.ledger import prove

THROUGH = date(2025, 4, 9)
NOW = datetime(2025, 4, 11, tzinfo=UTC)


def rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_the_showcase_figures_are_those_of_the_worked_examples(loaded: Any) -> None:
    # W1: fees 19 + 5 + 49 + 2 + 380, costs 11 + 3 + 28 + 1 + 220
    assert rows(
        loaded.engine,
        "SELECT sum(fee_fen), sum(cost_fen) FROM payment"
        " WHERE merchant_id = 'M00001' AND business_date = '2025-03-11'",
    ) == [(455, 263)]
    # W1 and W5: 40 % of 192 is 77 (46 + 31), then −3 and −6; all to B0001, still in S001
    assert rows(
        loaded.engine,
        "SELECT business_date::text, sum(delta_fen), min(party_id), max(party_id) FROM share_entry"
        " WHERE merchant_id = 'M00001' AND business_date < '2025-04-01' GROUP BY 1 ORDER BY 1",
    ) == [
        ("2025-03-11", 77, "B0001", "B0001"),
        ("2025-03-12", -3, "B0001", "B0001"),
        ("2025-03-13", -6, "B0001", "B0001"),
    ]
    assert rows(
        loaded.engine,
        "SELECT DISTINCT store_id, broker_id, created_at < '2025-04-01' FROM payment"
        " WHERE merchant_id = 'M00001' ORDER BY 1",
    ) == [("S001", "B0001", True), ("S002", "B0001", False)]


def test_past_days_are_closed_and_today_is_open_and_the_books_add_up(loaded: Any) -> None:
    assert rows(
        loaded.engine, "SELECT business_date::text, state FROM business_day ORDER BY 1 DESC LIMIT 2"
    ) == [
        ("2025-04-09", "SETTLED"),
        ("2025-04-08", "SETTLED"),
    ]
    assert rows(
        loaded.engine,
        "SELECT count(*) > 100, max(created_at) < '2025-04-10 12:00+08' FROM payment"
        " WHERE created_at >= '2025-04-10 00:00+08'",
    ) == [(True, True)]
    assert rows(loaded.engine, "SELECT count(*) FROM payment WHERE state = 'PAYING'") == [(0,)]
    assert rows(
        loaded.engine, "SELECT count(*) FROM payout WHERE business_date < '2025-04-09' AND state <> 'SUCCESS'"
    ) == [(0,)]
    with transaction(loaded.engine) as connection:
        assert all(check.passed for check in prove(connection).checks)


def test_loading_again_adds_nothing(loaded: Any) -> None:
    tables = ("payment", "refund", "transfer", "share_entry", "payout")
    count = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    before = rows(loaded.engine, count)

    loaded.load()

    assert rows(loaded.engine, count) == before


def test_every_role_has_a_login_with_the_demo_password(loaded: Any) -> None:
    roles = set()
    for login in (*(login for login, _, _ in LOGINS), "bj", "d01", "s001", "b0001", "m00001"):
        person = access.authenticate(
            loaded.engine, login=login, password=DEMO_PASSWORD, address="127.0.0.1", now=NOW
        )
        roles |= {grant.role for grant in person.grants}

    assert roles == set(access.Role)


def written(engine: Engine, tmp_path: Path, channel: str, name: str) -> tuple[Path, int]:
    path = tmp_path / name
    with engine.connect() as connection:
        lines = lines_of_day(connection, channel=channel, bill_date=THROUGH)
        if channel == "WECHAT":
            return path, write_wechat_bill(lines, path=path)
        return path, write_alipay_bill(lines, path=path, bill_date=THROUGH, now=NOW)


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("WECHAT", "bill.csv"),
        ("WECHAT", "bill.csv.gz"),
        ("ALIPAY", "bill.csv"),
        ("ALIPAY", "bill.zip"),
    ],
)
def test_a_bill_written_from_our_books_comes_back_matched_to_the_last_row(
    loaded: Any, tmp_path: Path, channel: str, name: str
) -> None:
    path, count = written(loaded.engine, tmp_path, channel, name)

    result = import_bill(loaded.engine, path=path, now=NOW)

    assert count > 50
    assert (result.rows_new, result.rows_bad, result.rows_matched, result.findings) == (count, 0, count, ())
    assert rows(
        loaded.engine,
        "SELECT count(*) FROM bill_row b JOIN payment p USING (merchant_id, payment_id) WHERE b.kind = 'PAY'"
        " AND (b.amount_fen, b.fee_fen, b.channel_order_no) <> (p.amount_fen, p.fee_fen, p.channel_order_no)",
    ) == [(0,)]


def test_progress_rises_to_the_whole(installation: Any) -> None:
    seen: list[tuple[str, int, int]] = []

    def progress(day: str, done: int, total: int) -> None:
        seen.append((day, done, total))

    installation.load(through=date(2025, 4, 1), days=1, until=None, progress=progress)

    done = [one[1] for one in seen]
    assert done == sorted(done)
    assert seen[-1] == ("2025-04-01", seen[-1][2], seen[-1][2])
    assert seen[-1][2] > 300


def test_the_rules_find_the_planted_fraud(loaded: Any) -> None:
    """R101 to R104 each find their merchant, and at least 60 % of what they find is planted."""
    truth = world_of("0.001").ground_truth()
    found = rows(
        loaded.engine,
        "SELECT merchant_id, hit, count(*) FROM payment, unnest(risk_hits) AS hit"
        " WHERE hit IN ('R101', 'R102', 'R103', 'R104') GROUP BY 1, 2",
    )
    right = sum(int(str(count)) for merchant, _, count in found if str(merchant) in truth)
    caught = {(truth.get(str(merchant)), hit) for merchant, hit, _ in found}

    assert right / sum(int(str(count)) for _, _, count in found) >= 0.6
    assert {("SPLIT_ORDER", "R101"), ("CASH_OUT", "R102"), ("MOVED_DEVICE", "R104")} <= caught
