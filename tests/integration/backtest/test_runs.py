"""Asking, progress, cancelling, going on, and what cannot be read."""

from __future__ import annotations

from datetime import date
from threading import Thread

import pytest

from bench._payments_world import rulebook
from payments_core import backtest
from payments_core.backtest import DaysOpen, Period, PeriodInvalid, RunNotFound, RunOver, State
from payments_core.backtest.operations import AT_ONCE
from payments_core.database import Scope, scoped_transaction, transaction
from tests.integration.backtest.conftest import DAYS, NOW, PERIOD, Past
from tests.integration.backtest.drafts import DRAFTS, FEE, SHARE, edited

DEARER = ("allow_negative_margin: false", "allow_negative_margin: true")


def totals(past: Past, run_no: int) -> list:
    return [
        past.read(backtest.list_totals, run_no=run_no, dimension=dimension)
        for dimension in ("all", "day", "merchant", "party")
    ]


def test_a_day_computed_before_is_used_again_and_says_the_same(past: Past) -> None:
    draft = rulebook(edited(FEE, ('"0.0060"', '"0.0063"')))
    first = past.run(draft, period=Period(first=DAYS[0], last=DAYS[1]))
    again, longer = past.run(draft, period=Period(first=DAYS[0], last=DAYS[1])), past.run(draft)
    runs = [past.read(backtest.get_run, run_no=no) for no in (first, again, longer)]
    assert [(run.days_done, run.days_reused) for run in runs] == [(2, 0), (2, 2), (3, 2)]
    assert totals(past, first) == totals(past, again)
    assert past.read(backtest.get_total, run_no=longer).payments == 270


def test_titles_and_comments_change_no_meaning(past: Past) -> None:
    change = ('"0.0060"', '"0.0064"')
    past.run(rulebook(edited(FEE, change)))
    renamed = past.run(rulebook(edited(FEE, change, ("title: 社区商户标准费率", "title: 另一个名字"))))
    assert past.read(backtest.get_run, run_no=renamed).days_reused == 3


def test_a_cancelled_run_goes_on_where_it_stopped_and_ends_the_same(past: Past) -> None:
    draft = rulebook(edited(FEE, ('"0.0060"', '"0.0065"')))
    question = past.question(draft)
    run_no = past.ask(question)

    def stop(progress: backtest.Progress) -> None:
        if progress.days_done == 1:
            past.read(backtest.cancel, run_no=run_no)

    ended = backtest.run(past.engine, run_no=run_no, question=question, clock=lambda: NOW, report=stop)
    cancelled = past.read(backtest.get_run, run_no=run_no)
    assert (ended, cancelled.state) == (State.CANCELLED, State.CANCELLED)
    assert 1 <= cancelled.days_done < 3
    assert past.read(backtest.list_totals, run_no=run_no, dimension="all") == ()
    resumed = past.run(draft)
    assert past.read(backtest.get_run, run_no=resumed).days_reused >= 1
    fresh = edited(FEE, ('"0.0060"', '"0.0065"'), ("label: 信用卡", "label: 贷记卡"))
    assert totals(past, resumed) == totals(past, past.run(rulebook(fresh)))


def test_a_statement_at_work_is_stopped(past: Past) -> None:
    """A lock keeps the statements of both days at work waiting until they are cancelled."""
    question = past.question(rulebook(edited(FEE, ('"0.0060"', '"0.0066"'))))
    run_no, ended = past.ask(question), []

    def work() -> None:
        ended.append(backtest.run(past.engine, run_no=run_no, question=question, clock=lambda: NOW))

    with past.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE backtest_cell IN ACCESS EXCLUSIVE MODE")
        thread = Thread(target=work)
        thread.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = :name"
            " AND wait_event_type = 'Lock' AND datname = current_database()"
        )
        while past.rows(waiting, name=f"haodian-backtest-{run_no}") != [(AT_ONCE,)]:
            pass
        past.read(backtest.cancel, run_no=run_no)
        thread.join()
    assert ended == [State.CANCELLED]


def test_a_queued_run_that_is_cancelled_never_starts(past: Past) -> None:
    question = past.question(past.book)
    run_no = past.ask(question)
    past.read(backtest.cancel, run_no=run_no)
    assert backtest.run(past.engine, run_no=run_no, question=question, clock=lambda: NOW) is State.CANCELLED
    with pytest.raises(RunOver):
        past.read(backtest.cancel, run_no=run_no)


def test_refusals(past: Past) -> None:
    with pytest.raises(RunNotFound):
        past.read(backtest.get_run, run_no=9999)
    with pytest.raises(RunNotFound):
        past.read(backtest.cancel, run_no=9999)
    with pytest.raises(RunNotFound):
        past.read(backtest.get_total, run_no=past.ask(past.question(past.book)))
    with pytest.raises(PeriodInvalid):
        Period(first=DAYS[1], last=DAYS[0])
    with pytest.raises(PeriodInvalid):
        Period(first=date(2024, 1, 1), last=DAYS[0])
    with pytest.raises(DaysOpen):
        past.ask(past.question(past.book, period=Period(first=DAYS[0], last=date(2025, 4, 17))))


def test_what_fails_is_noted_and_raised(past: Past) -> None:
    question = past.question(rulebook(edited(FEE, ('"0.0060"', '"0.0067"'))))
    run_no = past.ask(question)

    def broken(progress: backtest.Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backtest.run(past.engine, run_no=run_no, question=question, clock=lambda: NOW, report=broken)
    run = past.read(backtest.get_run, run_no=run_no)
    assert (run.state, run.trouble.startswith("ZeroDivisionError")) == (State.FAILED, True)


def test_a_scope_names_merchants(past: Past) -> None:
    draft = rulebook(DRAFTS["rates"])
    whole = past.run(draft)
    run_no = past.run(draft, scope={"store": "S003"})
    everyone = {t.member: t for t in past.read(backtest.list_totals, run_no=whole, dimension="merchant")}
    some = past.read(backtest.list_totals, run_no=run_no, dimension="merchant")
    assert {t.member for t in some} == {"M00003", "M00013"}
    assert all(everyone[t.member] == t for t in some)


def test_what_was_not_kept_is_counted_and_stays_as_booked(past: Past) -> None:
    """Nobody noted a merchant's tags of the past; today's would be a look into the future."""
    rate = '", rate: "0.0060"'
    when = (f"txn.channel == 'BANKCARD'{rate}", f"'VIP' in merchant.tags{rate}")
    run_no = past.run(rulebook(edited(FEE, when, DEARER)))
    whole = past.read(backtest.get_total, run_no=run_no)
    (unread, fen) = past.rows(
        "SELECT count(*), sum(settle_amount_fen) FROM payment p WHERE state = 'SUCCESS'"
        " AND NOT (channel = 'BANKCARD' AND card_type = 'DEBIT')"
    )[0]
    assert (whole.unread, whole.unread_fen) == (unread, fen)
    assert whole.draft.fee_fen == whole.released.fee_fen


def test_an_unchanged_condition_is_known_from_what_was_booked(past: Past) -> None:
    """The row for UnionPay asks for tags, which nobody kept; the row each was booked by was kept."""
    run_no = past.run(rulebook(DRAFTS["rates"]))
    rows = {(one.side, one.item): one.hits for one in past.read(backtest.list_coverage, run_no=run_no)}
    booked = past.rows(
        "SELECT row_no::text, count(*) FROM payment JOIN rule_ref ON ref_no = fee_ref_no"
        " WHERE state = 'SUCCESS' GROUP BY 1"
    )
    assert len(booked) > 1
    for item, hits in booked:
        assert rows["released", item] == rows["draft", item] == hits


def test_rows_that_never_apply_are_told(past: Past) -> None:
    row = '    - {when: "txn.settle_amount_fen > 90000000", rate: "0.0001", label: 无}'
    never = ("rows:\n", f"rows:\n{row}\n")
    run_no = past.run(rulebook(edited(FEE, never, DEARER)))
    covered = [one for one in past.read(backtest.list_coverage, run_no=run_no) if one.side == "draft"]
    assert (covered[0].item, covered[0].name, covered[0].hits) == ("0", "无", 0)
    whole = past.read(backtest.get_total, run_no=run_no)
    assert sum(one.hits for one in covered) == whole.payments
    assert sum(one.amount_fen for one in covered) == whole.payment_fen


def test_winners_and_losers(past: Past) -> None:
    run_no = past.run(
        rulebook(edited(SHARE, ('rate: "0.24"', 'rate: "0.10"'), ('rate: "0.16"', 'rate: "0.33"')))
    )
    for most in (True, False):
        found = past.read(backtest.list_extremes, run_no=run_no, dimension="party", most=most, limit=3)
        gains = [t.draft.shared_fen - t.released.shared_fen for t in found]
        assert len(gains) == 3
        assert gains == sorted(gains, reverse=most)
        assert all(gain > 0 if most else gain < 0 for gain in gains)


def test_only_those_who_see_everything_see_results(past: Past) -> None:
    run_no = past.run(rulebook(DRAFTS["rates"]))
    for scope, seen in ((Scope(kind="all"), 1), (Scope(kind="city", id="BJ"), 0)):
        with scoped_transaction(past.engine, scope=scope) as connection:
            assert len(backtest.list_totals(connection, run_no=run_no, dimension="all")) == seen
            assert bool(backtest.list_runs(connection)) is bool(seen)


def test_the_past_is_left_as_it_was(past: Past) -> None:
    sums = "SELECT sum(fee_fen), sum(cost_fen), (SELECT count(*) FROM transfer) FROM payment"
    before = past.rows(sums)
    past.run(rulebook(DRAFTS["all"]))
    with transaction(past.engine) as connection:
        assert backtest.get_run(connection, run_no=1).first_date == PERIOD.first
    assert past.rows(sums) == before
