"""A whole business day: every step once, resumable, provable."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from payments_core.calendar import day_bounds
from payments_core.database import transaction
from payments_core.database.lane import closed_through
from payments_core.errors import InvariantBroken
from payments_core.hierarchy import PeriodClosed
from payments_core.ledger import Account, get_balance, list_totals, prove
from payments_core.merchants import bindings
from payments_core.settlement import (
    AccountUnverified,
    DayNotOver,
    EarlierDayOpen,
    Payout,
    PayoutNotFound,
    PayoutState,
    Reply,
    close_day,
    confirm,
    get_settlement,
    list_days,
    list_payouts,
    release,
    run_day,
    take_back,
)
from tests.builders import (
    DAY1,
    MERCHANT,
    NEXT_DAY,
    Policy,
    build_merchant,
    build_org,
    give_back,
    noon,
    pay,
    sell_w1,
    stream,
)

DAY2 = DAY1 + timedelta(days=1)
DAY3 = DAY1 + timedelta(days=2)
POLICY = Policy(spec={"cycle": NEXT_DAY, "min_payout_fen": 100})
TABLES = ("transfer", "account", "share_entry", "settlement", "payout", "fact_day", "merchant_stats")


@pytest.fixture(autouse=True)
def world(engine: Engine) -> None:
    with transaction(engine) as connection:
        build_org(connection)
        build_merchant(connection)


def after(day: date):
    return noon(day + timedelta(days=1))


def run(engine: Engine, day: date, policy: Policy = POLICY):
    return run_day(engine, policy, business_date=day, now=after(day))


def contents(connection: Connection) -> dict[str, list]:
    return {
        table: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")).all())) for table in TABLES
    }


def test_every_step_runs_once_and_a_second_run_adds_nothing(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
    told: list[str] = []
    first = run_day(
        engine,
        POLICY,
        business_date=DAY1,
        now=after(DAY1),
        progress=lambda name, number, total: told.append(f"{number}/{total} {name}"),
    )
    assert told == [
        "1/8 close", "2/8 corrections", "3/8 shares", "4/8 settlement", "5/8 payouts", "6/8 facts",
        "7/8 figures", "8/8 proof",
    ]  # fmt: skip
    assert all(step.ran for step in first.steps)
    assert first.figures("shares")["broker_fen"] == 77
    assert first.figures("settlement")["real_fen"] == 119_729 - 455
    with transaction(engine) as connection:
        before = contents(connection)
        lane = connection.execute(text("SELECT * FROM lane")).all()
    again = run(engine, DAY1)
    assert not any(step.ran for step in again.steps)
    assert [s.figures for s in again.steps] == [s.figures for s in first.steps]
    with transaction(engine) as connection:
        assert contents(connection) == before
        assert connection.execute(text("SELECT * FROM lane")).all() == lane
        (day,) = list_days(connection, since=DAY1, until=DAY2)
        assert day.state == "SETTLED"


def test_a_run_that_was_killed_goes_on_where_it_stopped(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
        close_day(connection, business_date=DAY1, now=after(DAY1))
    result = run(engine, DAY1)
    assert [step.ran for step in result.steps] == [False, True, True, True, True, True, True, True]


def test_a_day_closes_only_after_its_end_and_in_order(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
        end = day_bounds(DAY1)[1]
        with pytest.raises(DayNotOver):
            close_day(connection, business_date=DAY1, now=end - timedelta(microseconds=1))
        with pytest.raises(EarlierDayOpen):
            close_day(connection, business_date=DAY2, now=end + timedelta(days=1))
        assert closed_through(connection) is None


def test_closing_tells_the_lane_and_keeps_the_past(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(text("UPDATE lane SET batch_no = 41"))
        before = connection.execute(text("SELECT directory_no FROM lane")).scalar_one()
        closed = close_day(connection, business_date=DAY1, now=after(DAY1))
        assert closed.figures == {"closed_batch_no": 41}
        assert connection.execute(text("SELECT directory_no FROM lane")).scalar_one() == before + 1
        assert closed_through(connection) == DAY1
        with pytest.raises(PeriodClosed):
            bindings.unbind(connection, merchant_id=MERCHANT, role="opener", at=noon(DAY1))


def test_books_that_do_not_add_up_stop_the_day(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
        wrong = "UPDATE account SET credits_posted = credits_posted + 1 WHERE account = 'FEE_INCOME'"
        connection.execute(text(wrong))
    with pytest.raises(InvariantBroken, match="balances_are_sums_of_transfers: M00001 FEE_INCOME"):
        run(engine, DAY1)


def test_below_the_minimum_is_carried_to_the_next_day(engine: Engine) -> None:
    policy = Policy(spec={"cycle": NEXT_DAY, "min_payout_fen": 10_000})
    with transaction(engine) as connection:
        pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, day=DAY1)
        pay(connection, amount_fen=6000, fee_fen=23, cost_fen=13, day=DAY2)
    run(engine, DAY1, policy)
    run(engine, DAY2, policy)
    with transaction(engine) as connection:
        first = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY1)
        second = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY2)
        assert (first.plan_fen, first.real_fen, first.carried_out_fen) == (4981, 0, 4981)
        assert (second.carried_in_fen, second.plan_fen, second.real_fen) == (4981, 5977, 10_958)
        assert prove(connection).passed


def test_refunds_beyond_the_days_sales_are_carried_as_a_debt(engine: Engine) -> None:
    with transaction(engine) as connection:
        sold = pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, day=DAY1, in_stream=stream())
        give_back(connection, sold, amount_fen=5000, fee_back_fen=19, cost_back_fen=11, day=DAY2)
        pay(connection, amount_fen=6000, fee_fen=23, cost_fen=13, day=DAY3)
    for day in (DAY1, DAY2, DAY3):
        run(engine, day)
    with transaction(engine) as connection:
        second = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY2)
        third = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY3)
        assert (second.plan_fen, second.real_fen, second.carried_out_fen) == (-4981, 0, -4981)
        assert (third.carried_in_fen, third.real_fen) == (-4981, 5977 - 4981)


def test_a_hold_of_a_risk_case_ends_and_is_paid_without_new_sales(engine: Engine) -> None:
    with transaction(engine) as connection:
        sold = sell_w1(connection)
        connection.execute(
            text(
                "INSERT INTO risk_case (merchant_id, payment_id, case_no, decision, hits, hold_fen,"
                " opened_at)"
                " VALUES (:m, :p, 'RC-0001', 'REVIEW', '{R101}', 10000, now())"
            ),
            {"m": MERCHANT, "p": sold[0].payment_id},
        )
    run(engine, DAY1)
    run(engine, DAY2)
    with transaction(engine) as connection:
        payable = get_balance(connection, merchant_id=MERCHANT, account=Account.MERCHANT_PAYABLE)
        # everything is reserved: 109,274 for the payout and 10,000 for the hold
        assert (payable.credit_fen, payable.available_fen) == (119_274, 0)
        assert len(list_payouts(connection, merchant_id=MERCHANT)) == 1
        connection.execute(text("UPDATE risk_case SET state = 'RELEASED'"))
    run(engine, DAY3)
    with transaction(engine) as connection:
        third = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY3)
        assert (third.plan_fen, third.carried_in_fen, third.hold_fen, third.real_fen) == (
            0,
            10_000,
            0,
            10_000,
        )
        assert prove(connection).passed


def reply_with(state: str, reason: str = ""):
    return lambda payout: Reply(state=state, reason=reason)


def test_the_bank_pays(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
    run(engine, DAY1)
    with transaction(engine) as connection:
        done = confirm(
            connection, business_date=DAY1, reply=reply_with("SUCCESS"), release_no=1, now=after(DAY1)
        )
        assert [p.amount_fen for p in done] == [119_274]
        totals = {b.account: b.credit_fen for b in list_totals(connection)}
        assert totals[Account.PAYOUT_CLEARING] == 119_274
        assert totals[Account.MERCHANT_PAYABLE] == 0
        assert (
            confirm(connection, business_date=DAY1, reply=reply_with("FAILED"), release_no=1, now=after(DAY1))
            == ()
        )
        assert prove(connection).passed


def test_no_answer_leaves_the_payout_processing(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
    run(engine, DAY1)
    with transaction(engine) as connection:
        assert (
            confirm(connection, business_date=DAY1, reply=lambda _: None, release_no=1, now=after(DAY1)) == ()
        )
        assert [p.state for p in list_payouts(connection)] == ["PROCESSING"]


def test_a_returned_payout_is_replaced_by_a_linked_one(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
    run(engine, DAY1)
    with transaction(engine) as connection:
        confirm(
            connection,
            business_date=DAY1,
            reply=reply_with("RETURNED", "卡号无效"),
            release_no=1,
            now=after(DAY1),
        )
        first, second = list_payouts(connection)
        assert (first.state, first.reason, second.state) == ("RETURNED", "卡号无效", "PROCESSING")
        assert second.replaces_payout_id == first.payout_id
        confirm(connection, business_date=DAY1, reply=reply_with("SUCCESS"), release_no=1, now=after(DAY1))
        third = take_back(
            connection,
            merchant_id=MERCHANT,
            payout_id=second.payout_id,
            reason="户名不符",
            release_no=1,
            now=after(DAY1),
        )
        assert third.replaces_payout_id == second.payout_id
        payable = get_balance(connection, merchant_id=MERCHANT, account=Account.MERCHANT_PAYABLE)
        assert (payable.credit_fen, payable.available_fen) == (119_274, 0)
        assert prove(connection).passed


def test_a_failed_payout_is_carried_into_the_next_settlement(engine: Engine) -> None:
    with transaction(engine) as connection:
        sell_w1(connection)
    run(engine, DAY1)
    with transaction(engine) as connection:
        confirm(connection, business_date=DAY1, reply=reply_with("FAILED"), release_no=1, now=after(DAY1))
    run(engine, DAY2)
    with transaction(engine) as connection:
        second = get_settlement(connection, merchant_id=MERCHANT, business_date=DAY2)
        assert (second.carried_in_fen, second.real_fen) == (119_274, 119_274)
        assert prove(connection).passed


def test_nothing_is_paid_to_an_unverified_account(engine: Engine) -> None:
    with transaction(engine) as connection:
        build_merchant(connection, "M00002", tags=("ACCOUNT_UNVERIFIED",))
        pay(connection, amount_fen=5000, fee_fen=19, cost_fen=11, merchant_id="M00002")
    result = run(engine, DAY1)
    assert (result.figures("payouts")["frozen"], result.figures("payouts")["processing"]) == (1, 0)
    with transaction(engine) as connection:
        frozen: Payout = list_payouts(connection, merchant_id="M00002")[0]
        key = {"merchant_id": "M00002", "payout_id": frozen.payout_id, "release_no": 1, "now": after(DAY1)}
        assert (frozen.state, frozen.reason) == ("FROZEN", "ACCOUNT_UNVERIFIED")
        with pytest.raises(AccountUnverified):
            release(connection, **key)
        connection.execute(text("UPDATE merchant SET tags = '{}' WHERE merchant_id = 'M00002'"))
        release(connection, **key)
        assert list_payouts(connection, merchant_id="M00002")[0].state == "PROCESSING"
        with pytest.raises(PayoutState):
            release(connection, **key)
        assert prove(connection).passed


def test_a_payout_that_is_not_there(engine: Engine) -> None:
    with transaction(engine) as connection:
        key = {"merchant_id": MERCHANT, "payout_id": 1, "release_no": 1, "now": after(DAY1)}
        with pytest.raises(PayoutNotFound):
            release(connection, **key)
        with pytest.raises(PayoutNotFound):
            take_back(connection, reason="退票", **key)
