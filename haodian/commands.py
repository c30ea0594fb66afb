"""What the commands of the command line do, each on a running database; `cli` gives them their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path

from rich.table import Table
from sqlalchemy import Engine

from haodian import backtesting, bootstrap, checking, clock, database, days, postgres, speech, verifying
from haodian.clock import DemoWorld
from haodian.day_report import day_table
from haodian.demo.days import generate_day
from haodian.demo.playing import ROUND_ITEMS, Player
from haodian.demo.signs import with_signs
from haodian.migrate import migrate as migrate_schema
from haodian.settings import Settings, prepare_home, read_sealer
from haodian.taking import releases_of
from payments_core import bills, rulebooks, settlement
from payments_core.backtest import Period
from payments_core.calendar import SHANGHAI, business_date_of, days_after
from payments_core.database import connect, transaction
from payments_core.database.lane import closed_through
from payments_core.payments import Committer
from payments_core.settlement.verify import verify_day


class Refused(Exception):
    """A command cannot do what was asked; both texts are for a person."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.chinese, self.english = chinese, english


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    prepare_home(settings)
    with speech.step("升级数据库", "migrating the database"), running_engine(settings):
        return


def load_demo(settings: Settings) -> None:
    """Load the demo world into an empty installation."""
    prepare_home(settings)
    with running_engine(settings) as engine:
        with transaction(engine) as connection:
            if clock.find_world(connection) is not None:
                raise Refused("演示世界已载入", "the demo world is loaded already")
        with speech.step("准备规则库", "preparing the rulebook"):
            bootstrap.prepare_rulebook(settings)
        with speech.step("载入演示世界", "loading the demo world"):
            first = bootstrap.prepare_world(settings)
        if not first.has_demo:
            raise Refused("数据库中已有商户，未载入演示数据", "there are merchants already")


def active_files(settings: Settings) -> Mapping[str, str]:
    """Return the files of the active release."""
    with running_engine(settings) as engine, transaction(engine) as connection:
        active = rulebooks.active(connection)
    if active is None:
        raise Refused("尚未启用任何规则版本", "no release is active")
    return checking.read_commit(settings.rulebook, active[1])


def import_bill(settings: Settings, *, file: Path) -> bool:
    """Import a channel bill, show what came of it, and tell whether it was taken."""
    prepare_home(settings)
    with running_engine(settings) as engine:
        now = clock.WorldClock(engine).now()
        with speech.progress() as bar:
            task = bar.add_task(f"导入 {file.name}", total=None)
            result = bills.import_bill(
                engine,
                path=file,
                now=now,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    table = Table(title=f"账单 {file.name}", title_justify="left", show_header=False)
    for name, value in (
        ("状态 state", result.state),
        ("新增 new", f"{result.rows_new:,}"),
        ("已有 known", f"{result.rows_known:,}"),
        ("隔离 quarantined", f"{result.rows_bad:,}"),
    ):
        table.add_row(name, value)
    speech.out.print(table)
    for finding in result.findings:
        speech.out.print(f"  [yellow]![/] {finding}")
    return result.state == "IMPORTED"


def run_day(settings: Settings, *, wanted: date | None) -> None:
    """Run one business day of the demo world and show what happened; a settled day is only shown."""
    prepare_home(settings)
    with running_engine(settings) as engine:
        with transaction(engine) as connection:
            world = clock.find_world(connection)
            closed = closed_through(connection)
            next_open = days.next_day(connection)
        if world is None:
            raise Refused("没有演示世界，请先运行 haodian demo", "there is no demo world: run haodian demo")
        day = wanted or next_open or business_date_of(clock.WorldClock(engine).now())
        if closed is None or day > closed:
            if next_open is not None and day > next_open:
                raise Refused(f"{next_open} 尚未结清", f"{next_open} must be run first")
            _play(engine, settings, world=world, day=day)
        _settle(engine, settings, day=day)
        with transaction(engine) as connection:
            table, proof = day_table(connection, business_date=day)
        speech.out.print(table)
        if not proof.passed:
            raise Refused("账本不平", "the books do not add up")


def verify(settings: Settings, *, wanted: date | None) -> None:
    """Recompute a day from its releases and show it; by default the last closed one. Raises Refused."""
    prepare_home(settings)
    with running_engine(settings) as engine, transaction(engine) as connection:
        day = wanted or closed_through(connection)
        if day is None:
            raise Refused("还没有结束的营业日", "no business day is closed yet")
        found = verify_day(connection, releases_of(engine, settings=settings), business_date=day)
    speech.out.print(verifying.table_of(found, business_date=day))
    different = verifying.differences_of(found)
    for line in different:
        speech.out.print(f"  [red]✗[/] {line}")
    if different:
        raise Refused(f"{day} 与其规则版本不符", f"{day} is not what its releases say")


def backtest(
    settings: Settings,
    *,
    draft: str | None,
    commit: str | None,
    period: Period,
    scope: Mapping[str, str],
    as_json: bool,
) -> None:
    """Run a backtest here, with a line of its progress, and show what it found."""
    prepare_home(settings)
    with running_engine(settings) as engine:
        what = backtesting.compared(settings.rulebook, draft=draft, commit=commit)
        now = clock.WorldClock(engine).now
        run_no = backtesting.ask(
            engine, what, period=period, asked_by="haodian backtest", now=now(), scope=scope
        )
        with speech.progress() as bar:
            task = bar.add_task(f"回测 backtest {what.title}", total=len(period.days), visible=not as_json)
            state = backtesting.run(
                engine,
                settings.rulebook,
                run_no=run_no,
                clock=now,
                report=lambda done: bar.update(
                    task, completed=done.days_done, description=f"回测 {done.payments_done:,} 笔 payments"
                ),
            )
        if state is not backtesting.State.DONE:
            raise Refused(f"回测 {run_no} 未完成：{state}", f"backtest {run_no} ended as {state}")
        if as_json:
            speech.out.print(backtesting.as_json(engine, run_no=run_no), soft_wrap=True, markup=False)
        else:
            backtesting.show(engine, run_no=run_no)


def _play(engine: Engine, settings: Settings, *, world: DemoWorld, day: date) -> None:
    releases, sealer = releases_of(engine, settings=settings), read_sealer(settings)
    payments = generate_day(day, scale=world.scale, since=world.since)
    events = list(with_signs(payments, day=day, scale=world.scale))
    with (
        speech.progress() as bar,
        Committer(engine=engine, rulebooks=releases, batch_limit=ROUND_ITEMS) as committer,
    ):
        task = bar.add_task(f"{day} 交易 payments", total=len(events))
        player = Player(engine=engine, committer=committer, sealer=sealer)
        player.play(events, report=lambda done: bar.update(task, completed=done))
    with transaction(engine) as connection:
        clock.advance_world(connection, world_at=_closing(day), real_at=clock.machine_now())


def _settle(engine: Engine, settings: Settings, *, day: date) -> None:
    now = clock.WorldClock(engine).now()
    with speech.progress() as bar:
        task = bar.add_task("日终 closing", total=len(settlement.STEPS) + 1)
        settlement.run_day(
            engine,
            releases_of(engine, settings=settings),
            business_date=day,
            now=now,
            progress=lambda name, number, total: bar.update(
                task, description=f"日终 {name}", completed=number - 1, total=total
            ),
        )
    days.confirm_payouts(engine, now=now)


def _closing(day: date) -> datetime:
    return datetime.combine(days_after(day, 1), time(0), tzinfo=SHANGHAI) + days.CLOSES_AFTER


@contextmanager
def running_engine(settings: Settings) -> Iterator[Engine]:
    """Give an engine on the migrated database; an embedded server that was not running is stopped again."""
    started = None
    if settings.database_url is None and not database.is_up(settings):
        started = database.start(settings)
    engine = connect(url=database.url_of(settings))
    try:
        migrate_schema(engine)
        yield engine
    finally:
        engine.dispose()
        if started is not None:
            postgres.stop(started)
