"""`haodian up`: PostgreSQL, gateway, console, worker, correlator and demo traffic as one product.

Everything may be killed at any instant. A child that ends or hangs is started again; PostgreSQL is started
again where it does not answer; and the next `haodian up` finds what a killed one left behind: the database
by its folder, the children by their recorded pids, the lock by the kernel, which drops it with its owner.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog

from haodian import database, logs, postgres, speech
from haodian.bootstrap import FirstStart, prepare_database, prepare_rulebook, prepare_world
from haodian.processes import Children, Program, end_stale_children
from haodian.serving import free_port
from haodian.settings import Settings, prepare_home

TENDED_EVERY_S, DATABASE_ASKED_EVERY_S = 0.5, 2.0
ANSWERS_WITHIN_S = 60.0

log = structlog.get_logger(__name__)


class AlreadyRunning(Exception):
    """Another `haodian up` holds this home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The addresses of a running product, as kept in run/product.json."""

    console_url: str
    gateway_url: str
    worker_url: str
    correlator_url: str
    pid: int


def up(settings: Settings, *, stopped: threading.Event | None = None) -> None:
    """Run the product until SIGTERM, SIGINT or `stopped`. Raises AlreadyRunning."""
    stopped = stopped or threading.Event()
    prepare_home(settings)
    logs.configure(settings.logs, process="supervisor")
    with _only_one(settings), _told_to_stop(stopped):
        _end_what_was_left(settings)
        settings = _with_free_ports(settings)
        first = _prepare(settings)
        if stopped.is_set():
            return
        children = Children(
            home=settings.home, pid_file=settings.run / "children.json", output=settings.logs / "output.log"
        )
        try:
            _start(settings, children, first)
            _wait_until_well(children, stopped)
            _announce(settings, first)
            _tend(settings, children, stopped)
        finally:
            with speech.step("停止所有进程", "stopping"):
                children.stop()
                (settings.run / "product.json").unlink(missing_ok=True)
                if settings.database_url is None:
                    postgres.stop(postgres.cluster_of(settings.cluster))


def find_running(settings: Settings) -> Running | None:
    """Return where the running product of this home is reached; None where none was started."""
    try:
        return Running(**json.loads((settings.run / "product.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _prepare(settings: Settings) -> FirstStart:
    if settings.database_url is None:
        with speech.step("启动 PostgreSQL", "starting PostgreSQL"):
            database.start(settings)
    with speech.step("准备数据库", "bringing the schema up to date"):
        prepare_database(settings)
    with speech.step("准备规则库", "preparing the rulebook"):
        prepare_rulebook(settings)
    return prepare_world(settings)


def _start(settings: Settings, children: Children, first: FirstStart) -> None:
    environment = {
        "HAODIAN_DATABASE_URL": database.url_of(settings),
        "HAODIAN_RULEBOOK": str(settings.rulebook),
        "HAODIAN_HOST": settings.host,
        "HAODIAN_CONSOLE_PORT": str(settings.console_port),
        "HAODIAN_GATEWAY_PORT": str(settings.gateway_port),
        "HAODIAN_WORKER_PORT": str(settings.worker_port),
        "HAODIAN_CORRELATOR_PORT": str(settings.correlator_port),
    }
    running = _running(settings)
    for name, url in (
        ("gateway", running.gateway_url),
        ("console", running.console_url),
        ("worker", running.worker_url),
        ("correlator", running.correlator_url),
    ):
        module = f"haodian.{name}"
        children.start(
            Program(name=name, module=module, environment=environment, health_url=f"{url}/healthz")
        )
    if first.has_demo:
        children.start(Program(name="traffic", module="haodian.traffic", environment=environment))
    _write_running(settings, running)


def _wait_until_well(children: Children, stopped: threading.Event) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    with speech.step("启动网关、控制台、任务与关联进程", "starting gateway, console, worker and correlator"):
        while not children.are_well() and not stopped.wait(0.1) and time.monotonic() < deadline:
            children.tend()
    if not children.are_well() and not stopped.is_set():
        speech.note("有进程尚未就绪，详见日志", "some processes are not ready yet, see the logs")


def _tend(settings: Settings, children: Children, stopped: threading.Event) -> None:
    asked_at = 0.0
    while not stopped.wait(TENDED_EVERY_S):
        if settings.database_url is None and time.monotonic() - asked_at > DATABASE_ASKED_EVERY_S:
            _keep_database_up(settings)
            asked_at = time.monotonic()
        children.tend()


def _keep_database_up(settings: Settings) -> None:
    if database.is_up(settings):
        return
    log.error("database_away")
    try:
        database.start(settings)
        log.info("database_back")
    except RuntimeError:
        log.exception("database_does_not_start")


def _end_what_was_left(settings: Settings) -> None:
    stale = end_stale_children(home=settings.home, pid_file=settings.run / "children.json")
    if stale:
        speech.note(
            f"上次未正常退出，已结束 {len(stale)} 个遗留进程",
            f"ended {len(stale)} processes left by a killed run",
        )


def _with_free_ports(settings: Settings) -> Settings:
    taken: list[int] = []
    found: dict[str, int] = {}
    for name in ("console_port", "gateway_port", "worker_port", "correlator_port"):
        wanted = getattr(settings, name)
        port = free_port(host=settings.host, wanted=wanted, taken=taken)
        taken.append(port)
        found[name] = port
        if wanted not in (0, port):
            speech.note(f"端口 {wanted} 已被占用，改用 {port}", f"port {wanted} is taken, using {port}")
    return replace(settings, **found)


def _running(settings: Settings) -> Running:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    host = "127.0.0.1" if host == "0.0.0.0" else host
    return Running(
        console_url=f"http://{host}:{settings.console_port}",
        gateway_url=f"http://{host}:{settings.gateway_port}",
        worker_url=f"http://{host}:{settings.worker_port}",
        correlator_url=f"http://{host}:{settings.correlator_port}",
        pid=os.getpid(),
    )


def _write_running(settings: Settings, running: Running) -> None:
    content: Mapping[str, object] = {
        "console_url": running.console_url,
        "gateway_url": running.gateway_url,
        "worker_url": running.worker_url,
        "correlator_url": running.correlator_url,
        "pid": running.pid,
    }
    unfinished = settings.run / "product.new"
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    unfinished.replace(settings.run / "product.json")


def _announce(settings: Settings, first: FirstStart) -> None:
    running = _running(settings)
    speech.out.print()
    speech.out.print(f"  [bold]好店已启动[/]   控制台 console  [bold]{running.console_url}[/]")
    speech.out.print(f"               支付网关 gateway  {running.gateway_url}/openapi.json")
    speech.out.print(f"               数据目录 home     {settings.home}")
    if first.logins:
        speech.out.print("\n  演示账号 demo logins")
        for login, password, role in first.logins:
            speech.out.print(f"    {login:<12} {password:<16} [dim]{role}[/]")
    speech.out.print("\n  [dim]Ctrl-C 停止 · stops everything[/]\n")


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    with (settings.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(str(settings.home)) from error
        yield


@contextmanager
def _told_to_stop(stopped: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {
        number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
