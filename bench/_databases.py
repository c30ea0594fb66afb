"""Databases that a bench or a test fills and throws away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from haodian import postgres
from haodian.migrate import migrate
from payments_core.database import connect


@contextmanager
def fresh_cluster(*, shared_buffers: str = "512MB") -> Iterator[postgres.Cluster]:
    """Start a PostgreSQL of its own, and throw it away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="haodian-bench-"))
    folder.chmod(0o755)
    cluster = postgres.start(folder / "pg", shared_buffers=shared_buffers)
    try:
        yield cluster
    finally:
        postgres.stop(cluster)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def migrated_database(cluster: postgres.Cluster, *, name: str = "bench") -> Iterator[Engine]:
    """Give an engine on an empty, migrated database."""
    engine = connect(url=postgres.ensure_database(cluster, name))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def open_streams(connection: Connection, *, merchants: int) -> None:
    """Write April's share stream of M00001 and on: opener 24 %, maintainer 16 %, store 5 %."""
    for statement in (_STREAMS, _LINES):
        connection.execute(text(statement), {"merchants": merchants})


def vacuum(engine: Engine) -> None:
    """Leave the tables as a server that has run for a while has them."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


_STREAMS = """
INSERT INTO share_stream (merchant_id, stream_id, rule_id, rule_version, rounding, period)
SELECT 'M' || lpad(n::text, 5, '0'), n, 'ps.beijing.default', 3, 'HALF_UP', date '2025-04-01'
FROM generate_series(1, :merchants) n
"""
_LINES = """
INSERT INTO share_line (merchant_id, stream_id, line_no, pool_no, party_kind, party_id, role, rate_ppm,
  pool_ppm, rule_line)
SELECT 'M' || lpad(n::text, 5, '0'), n, line_no, pool_no, kind, kind || n % 800, role, rate_ppm,
  CASE pool_no WHEN 1 THEN 400000 ELSE 50000 END, 12
FROM generate_series(1, :merchants) n, (VALUES (1, 1, 'broker', 'opener', 240000),
  (2, 1, 'broker', 'maintainer', 160000), (3, 2, 'store', 'store', 50000))
  AS line (line_no, pool_no, kind, role, rate_ppm)
"""
