"""The first start: an empty folder becomes a running installation. Any step may be cut off and run again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.markup import escape
from sqlalchemy import Engine, text

from engine.releases import (
    Author,
    DraftMissing,
    RemoteAway,
    RemoteDiverged,
    RepositoryExists,
    create_repository,
    discard_draft,
    fetch_released,
    head,
    history,
    merge_draft,
    read_files,
    save_draft,
)
from haodian import clock, database, speech
from haodian.checking import read_folder
from haodian.clock import DemoWorld
from haodian.demo import plan
from haodian.demo.loading import load_world, past_days
from haodian.demo.population import DEMO_PASSWORD, LOGINS
from haodian.demo.rule_history import rulebook_history
from haodian.migrate import migrate
from haodian.settings import CHECKOUT, Settings, find_secret, read_sealer, write_secret
from haodian.taking import releases_of, settle_memory
from payments_core import access, rulebooks
from payments_core.calendar import day_bounds, days_after
from payments_core.database import connect, transaction
from payments_core.fees import EVALUATORS

AUTHOR = Author(name="好店", email="rules@haodian")
DEMO_KEY = "demo-api-key"
# The world is entered on the morning of its first living day, so that the day already has something to show.
ENTERED_AFTER = timedelta(hours=10, minutes=30)

History = list[tuple[Mapping[str, str], str, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStart:
    """What the installation holds; `logins` are (login, password, role), empty without a demo world."""

    has_demo: bool
    logins: tuple[tuple[str, str, str], ...]


def prepare_database(settings: Settings) -> None:
    """Bring the schema up to date."""
    engine = connect(url=database.url_of(settings), pool_size=1)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def prepare_rulebook(settings: Settings) -> None:
    """Make the rulebook repository from the checkout's rules and forms, and activate what it holds.

    A demo world begins with the history its past was priced by. Where a release is active nothing changes,
    and where the remote holds a history, that is gone on with.
    """
    engine = connect(url=database.url_of(settings), pool_size=2)
    try:
        fetched = _fetched(settings)
        with transaction(engine) as connection:
            if rulebooks.active(connection) is not None:
                return
        files = read_folder(CHECKOUT)
        releases: History = (
            rulebook_history(files) if settings.demo else [(files, "Starting rulebook", clock.machine_now())]
        )
        if fetched is None:
            _write_history(settings, releases)
        with transaction(engine) as connection:
            for commit in reversed(history(path=settings.rulebook)):
                rulebooks.activate(
                    connection,
                    repository=settings.rulebook,
                    commit=commit.sha,
                    title=commit.message.splitlines()[0],
                    actor="好店",
                    role="admin",
                    reason="首次启动",
                    now=commit.at,
                    evaluators=EVALUATORS,
                )
    finally:
        engine.dispose()


def prepare_world(settings: Settings) -> FirstStart:
    """Load the demo world where it is wanted and the installation is empty; make the key of its traffic."""
    engine = connect(url=database.url_of(settings), pool_size=4)
    try:
        if _is_world_missing(engine, settings):
            _load(engine, settings)
        with transaction(engine) as connection:
            world = clock.find_world(connection)
        if world is None:
            return FirstStart(has_demo=False, logins=())
        _make_demo_key(engine, settings)
        return FirstStart(has_demo=True, logins=DEMO_LOGINS)
    finally:
        engine.dispose()


# One login a role, the brokers' and merchants' being the showcase ones.
DEMO_LOGINS = tuple(
    (login, DEMO_PASSWORD, role.value)
    for login, role in (
        *((login, role) for login, _, role in LOGINS),
        ("bj", access.Role.CITY_MANAGER),
        ("d01", access.Role.DISTRICT_MANAGER),
        ("s002", access.Role.STORE_OWNER),
        ("b0001", access.Role.BROKER),
        ("m00001", access.Role.MERCHANT),
    )
)


def _fetched(settings: Settings) -> str | None:
    """Return main after taking over what the remote has ahead, None where there is nothing to take."""
    if settings.rulebook_remote is None:
        return None
    try:
        return fetch_released(path=settings.rulebook, remote=settings.rulebook_remote)
    except (RemoteAway, RemoteDiverged) as error:
        # Work goes on with what is here; the worker asks again, and the console shows how it stands.
        speech.err.print(f"[yellow]![/] 规则库远端未同步  [dim]{escape(error.message)}[/]")
        return None


def _write_history(settings: Settings, releases: History) -> None:
    """Write the releases in order, going on after the one that main holds already."""
    path = settings.rulebook
    first, _, at = releases[0]
    with contextlib.suppress(RepositoryExists):
        create_repository(path=path, files=first, author=AUTHOR, at=at)
    for number, (files, message, at) in enumerate(releases):
        present = read_files(path, head(path))
        held = [n for n, release in enumerate(releases) if dict(release[0]) == dict(present)]
        if held and held[-1] >= number:
            continue
        name = f"start-{number + 1}"
        with contextlib.suppress(DraftMissing):
            discard_draft(path=path, name=name)
        changes = {
            file: files.get(file) for file in {*files, *present} if files.get(file) != present.get(file)
        }
        save_draft(
            path=path, name=name, base=head(path), changes=changes, author=AUTHOR, message=message, at=at
        )
        merge_draft(path=path, name=name, author=AUTHOR, message=message, at=at, evaluators=EVALUATORS)


def _is_world_missing(engine: Engine, settings: Settings) -> bool:
    """Tell whether to load the demo world: wanted, not there, in nobody's way; or its loading was cut off."""
    with transaction(engine) as connection:
        if not settings.demo or clock.find_world(connection) is not None:
            return False
        occupied = connection.execute(text("SELECT EXISTS (SELECT 1 FROM merchant)")).scalar_one()
    return not occupied or _unfinished(settings).exists()


def _load(engine: Engine, settings: Settings) -> None:
    _unfinished(settings).touch()
    started = time.monotonic()
    through = days_after(plan.ANCHOR, -1)
    entered_at = day_bounds(plan.ANCHOR)[0] + ENTERED_AFTER
    settle_memory()
    with speech.progress() as bar:
        task = bar.add_task("载入演示世界 loading the demo world", total=None)
        loaded = load_world(
            engine,
            rulebooks=releases_of(engine, settings=settings),
            sealer=read_sealer(settings),
            scale=settings.demo_scale,
            through=through,
            days=settings.demo_days,
            until=entered_at,
            progress=lambda day, done, total: bar.update(
                task, description=f"载入演示世界 demo world {day}", completed=done, total=total
            ),
        )
    since = next(past_days(through=through, days=settings.demo_days), plan.ANCHOR)
    with transaction(engine) as connection:
        clock.open_world(
            connection,
            world=DemoWorld(scale=settings.demo_scale, since=since),
            world_at=entered_at,
            real_at=clock.machine_now(),
        )
    _unfinished(settings).unlink()
    speech.done(
        f"演示世界已载入：{loaded.payments:,} 笔支付",
        f"demo world loaded  {time.monotonic() - started:.0f} s",
    )


def _unfinished(settings: Settings) -> Path:
    return settings.run / "demo-loading"


def _make_demo_key(engine: Engine, settings: Settings) -> None:
    """Make the key of the demo traffic, again where its secret or its row was lost."""
    kept = find_secret(settings, name=DEMO_KEY)
    sealer = read_sealer(settings)
    with transaction(engine) as connection:
        if kept is not None:
            key_id, _, _ = kept.partition(":")
            if access.find_api_key(connection, key_id=key_id, sealer=sealer) is not None:
                return
        key = access.create_api_key(connection, merchant_id=None, sealer=sealer, now=clock.machine_now())
    write_secret(settings, name=DEMO_KEY, value=f"{key.key_id}:{key.secret.decode()}")
