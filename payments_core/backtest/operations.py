"""Ask for a backtest, run it day by day, cancel it; label payments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice

import psycopg
from sqlalchemy import Connection, Engine, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError

from payments_core.backtest.days import compute_day, find_day
from payments_core.backtest.errors import DaysOpen, LabelledNotFound, RunNotFound, RunOver
from payments_core.backtest.impact import write_impact
from payments_core.backtest.model import EVERYWHERE, Period, Progress, Question, State
from payments_core.backtest.money import MoneyQueries
from payments_core.backtest.plan import Plan, prepare
from payments_core.backtest.results import add_totals, forget_results, write_coverage
from payments_core.backtest.tables import backtest_run, payment_label
from payments_core.database import transaction

AT_ONCE = 2
"""How many days, and parts of the merchants, are computed at once, each on a connection of its own."""

TROUBLE_LIMIT = 2_000
Report = Callable[[Progress], None]
"""Called after each day with how far the run is."""


def ask(
    connection: Connection,
    *,
    title: str,
    released_commit: str,
    draft_commit: str,
    period: Period,
    asked_by: str,
    now: datetime,
    scope: Mapping[str, str] = EVERYWHERE,
    meaning: str = "",
    is_whole: bool = False,
) -> int:
    """Write a backtest that waits to be run and return its number. Raises DaysOpen.

    `meaning` is that of the change, for which the run's figure then stands where `is_whole` says that all
    that the change alters is computed (`is_computed`).
    """
    left_open = connection.execute(_LEFT_OPEN, {"first": period.first, "last": period.last}).scalar()
    if left_open is not None:
        raise DaysOpen(business_date=left_open.isoformat())
    values = {
        "title": title,
        "released_commit": released_commit,
        "draft_commit": draft_commit,
        "meaning": meaning,
        "is_whole": is_whole,
        "first_date": period.first,
        "last_date": period.last,
        "scope": dict(scope),
        "asked_by": asked_by,
        "asked_at": now,
    }
    return int(
        connection.execute(insert(backtest_run).values(values).returning(backtest_run.c.run_no)).scalar_one()
    )


def run(
    engine: Engine,
    *,
    run_no: int,
    question: Question,
    clock: Callable[[], datetime],
    report: Report = lambda progress: None,
) -> State:
    """Run a backtest to its end, or to where it is cancelled; return how it ended.

    Each day is a transaction; a day that was computed before for the same digest is taken as it is. So a run
    that was cut off goes on where it stopped when it is run again. What goes wrong is noted and raised.
    RUNNING is the answer where another process runs it.
    """
    with _held(engine, run_no) as ours:
        if not ours:
            return State.RUNNING
        try:
            state = _run(engine, run_no, question, report)
        except BaseException as error:
            with transaction(engine) as connection:
                fail(connection, run_no=run_no, trouble=f"{type(error).__name__}: {error}", now=clock())
            raise
        _end(engine, run_no, state, clock())
        return state


def cancel(connection: Connection, *, run_no: int) -> None:
    """Cancel a run: between two days, and a statement at work is stopped. Raises RunNotFound, RunOver."""
    row = connection.execute(
        select(backtest_run.c.state).where(backtest_run.c.run_no == run_no).with_for_update()
    ).one_or_none()
    if row is None:
        raise RunNotFound(run_no=run_no)
    if row.state not in (State.QUEUED, State.RUNNING):
        raise RunOver(run_no=run_no, state=row.state)
    values = {"cancel_asked": True} | ({"state": State.CANCELLED} if row.state == State.QUEUED else {})
    connection.execute(update(backtest_run).where(backtest_run.c.run_no == run_no).values(values))
    connection.execute(_STOP, {"name": _WORK.format(run_no=run_no)})


def fail(connection: Connection, *, run_no: int, trouble: str, now: datetime) -> None:
    """Note that a run cannot even begin, and why."""
    values = {"state": State.FAILED, "ended_at": now, "trouble": trouble[:TROUBLE_LIMIT]}
    connection.execute(update(backtest_run).where(backtest_run.c.run_no == run_no).values(values))


def label_payments(
    connection: Connection, *, labels: Sequence[tuple[str, int, str]], labelled_by: str, now: datetime
) -> int:
    """Label payments (merchant, payment, "fraud" or "honest"), replacing earlier labels; return how many.

    Raises LabelledNotFound, having written none.
    """
    values = {
        "merchants": [merchant_id for merchant_id, _, _ in labels],
        "payments": [payment_id for _, payment_id, _ in labels],
    }
    missing = connection.execute(_UNKNOWN, values).first()
    if missing is not None:
        raise LabelledNotFound(merchant_id=missing.merchant_id, payment_id=missing.payment_id)
    rows = [
        {"merchant_id": m, "payment_id": p, "label": label, "labelled_by": labelled_by, "labelled_at": now}
        for m, p, label in labels
    ]
    if rows:
        statement = postgresql.insert(payment_label)
        kept = {name: statement.excluded[name] for name in ("label", "labelled_by", "labelled_at")}
        keys = [payment_label.c.merchant_id, payment_label.c.payment_id]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=kept), rows)
    return len(rows)


@contextmanager
def _held(engine: Engine, run_no: int) -> Iterator[bool]:
    """Hold a run for this process, as long as it lives; tell whether it could be had."""
    values = {"lock": _LOCK, "run_no": run_no}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        ours = bool(connection.execute(text("SELECT pg_try_advisory_lock(:lock, :run_no)"), values).scalar())
        try:
            yield ours
        finally:
            if ours:
                connection.execute(text("SELECT pg_advisory_unlock(:lock, :run_no)"), values)


def _run(engine: Engine, run_no: int, question: Question, report: Report) -> State:
    digest = question.digest
    with transaction(engine) as connection:
        begun = connection.execute(_BEGIN, {"run_no": run_no, "digest": digest}).scalar_one_or_none()
        if begun is None:
            return State.CANCELLED
        plan = prepare(connection, question)
    queries = MoneyQueries(plan)

    def compute(day: date) -> tuple[int, bool]:
        return _day(engine, run_no, plan, queries, digest, day)

    try:
        if not _compute_all(engine, run_no, question.period.days, compute, report):
            return State.CANCELLED
        _sum_up(engine, run_no, digest, question)
    except _Cancelled:
        return State.CANCELLED
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled) and _is_cancelled(engine, run_no):
            return State.CANCELLED
        raise
    return State.DONE


class _Cancelled(Exception):
    """The run was cancelled before the next statement began."""


def _compute_all(
    engine: Engine,
    run_no: int,
    days: Sequence[date],
    compute: Callable[[date], tuple[int, bool]],
    report: Report,
) -> bool:
    """Compute the days, a few at once, and say how far the run is; False where it is cancelled."""
    done = Progress(days_done=0, days_total=len(days), payments_done=0, reused=0)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        left = iter(days)
        working = {pool.submit(compute, day) for day in islice(left, AT_ONCE)}
        while working:
            finished, working = wait(working, return_when=FIRST_COMPLETED)
            for one in finished:
                payments, reused = one.result()
                done = Progress(
                    days_done=done.days_done + 1,
                    days_total=done.days_total,
                    payments_done=done.payments_done + payments,
                    reused=done.reused + reused,
                )
                report(done)
            if not _note(engine, run_no, done):
                return False
            working |= {pool.submit(compute, day) for day in islice(left, len(finished))}
    return True


def _sum_up(engine: Engine, run_no: int, digest: bytes, question: Question) -> None:
    """Write the results: totals by parts of the merchants at once, then the coverage."""
    with transaction(engine) as connection:
        forget_results(connection, run_no=run_no)

    def add(part: int) -> None:
        with transaction(engine) as connection:
            _begin_work(engine, connection, run_no)
            add_totals(connection, run_no=run_no, digest=digest, question=question, part=part, parts=AT_ONCE)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(add, range(AT_ONCE)))
    with transaction(engine) as connection:
        write_coverage(connection, run_no=run_no, digest=digest, question=question)
        write_impact(connection, run_no=run_no)


def _day(
    engine: Engine, run_no: int, plan: Plan, queries: MoneyQueries, digest: bytes, day: date
) -> tuple[int, bool]:
    """Return the day's payments, and whether they had been computed before."""
    with transaction(engine) as connection:
        known = find_day(connection, digest=digest, day=day)
        if known is not None:
            return known, True
        _begin_work(engine, connection, run_no)
        return compute_day(connection, plan, queries, digest=digest, day=day), False


def _begin_work(engine: Engine, connection: Connection, run_no: int) -> None:
    """Say for which run the connection works, so that cancelling finds it; then see whether it goes on."""
    connection.execute(_NAMED, {"name": _WORK.format(run_no=run_no)})
    if _is_cancelled(engine, run_no):
        raise _Cancelled


def _note(engine: Engine, run_no: int, done: Progress) -> bool:
    """Write how far the run is; return whether it goes on."""
    values = {"days_done": done.days_done, "days_reused": done.reused, "payments_done": done.payments_done}
    with transaction(engine) as connection:
        statement = update(backtest_run).where(backtest_run.c.run_no == run_no).values(values)
        return not connection.execute(statement.returning(backtest_run.c.cancel_asked)).scalar_one()


def _is_cancelled(engine: Engine, run_no: int) -> bool:
    with transaction(engine) as connection:
        # Who cancels stops the statements first and commits then: wait for that.
        asked = select(backtest_run.c.cancel_asked).where(backtest_run.c.run_no == run_no)
        return bool(connection.execute(asked.with_for_update(read=True)).scalar_one())


def _end(engine: Engine, run_no: int, state: State, now: datetime) -> None:
    with transaction(engine) as connection:
        values = {"state": state, "ended_at": now}
        connection.execute(update(backtest_run).where(backtest_run.c.run_no == run_no).values(values))


_LEFT_OPEN = text("""
SELECT min(d.day) FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') AS s (day)
CROSS JOIN LATERAL (SELECT s.day::date AS day) d LEFT JOIN business_day b ON b.business_date = d.day
WHERE CASE WHEN b.business_date IS NOT NULL THEN NOT b.steps ? 'shares'
  ELSE d.day > coalesce((SELECT max(business_date) FROM business_day WHERE state <> 'OPEN'), '-infinity') END
""")
_BEGIN = text("""
UPDATE backtest_run SET state = 'RUNNING', digest = :digest, days_done = 0, days_reused = 0,
  payments_done = 0, trouble = '', ended_at = NULL
WHERE run_no = :run_no AND NOT cancel_asked RETURNING run_no
""")
_LOCK = 4_080_002
_WORK = "haodian-backtest-{run_no}"
_NAMED = text("SELECT set_config('application_name', :name, true)")
_STOP = text("""
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE application_name = :name AND datname = current_database()
""")
_UNKNOWN = text("""
SELECT k.merchant_id, k.payment_id FROM unnest(CAST(:merchants AS text[]), CAST(:payments AS bigint[]))
  AS k (merchant_id, payment_id)
WHERE NOT EXISTS (SELECT 1 FROM payment p
  WHERE p.merchant_id = k.merchant_id AND p.payment_id = k.payment_id) LIMIT 1
""")
