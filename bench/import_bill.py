"""Import one WeChat Pay bill of 400 000 rows, beside the plain way of doing it.

The peer is what a short script would do with the standard library: `csv` for the rows, `executemany` in
thousands of INSERT … ON CONFLICT DO NOTHING into the same table, each row looking up its merchant and its
payment, in one transaction. It checks nothing: no field, no sum, no repetition; it has no quarantine.
"""

from __future__ import annotations

import csv
import resource
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, text

from bench._databases import fresh_cluster, migrated_database
from bench.figure import Figure, Row
from haodian.demo.bill_files import BillLine, write_wechat_bill
from payments_core.bills import import_bill
from payments_core.calendar import SHANGHAI
from payments_core.database import transaction

ROWS, QUICK_ROWS = 400_000, 40_000
GOAL_S = 60
MERCHANTS = 10_000
MATCHED = 20_000
"""Payments of our own that rows of the bill belong to."""

_FIRST = datetime(2025, 4, 1, tzinfo=SHANGHAI)
_NOW = datetime(2025, 4, 3, tzinfo=UTC)
_PEER_INSERT = """
INSERT INTO bill_row (merchant_id, channel, channel_order_no, refund_no, file_no, line_no, merchant_order_no,
  sub_merchant_no, kind, booked_at, amount_fen, settle_amount_fen, fee_fen, payment_id)
SELECT coalesce(c.merchant_id, ''), 'WECHAT', r.channel_order_no, r.refund_no, 1, 0, r.order_no, r.sub,
  r.kind, r.at, r.amount, r.settle, r.fee, p.payment_id
FROM (SELECT %s::text AS channel_order_no, %s::text AS refund_no, %s::text AS order_no, %s::text AS sub,
  %s::text AS kind, %s::timestamptz AS at, %s::bigint AS amount, %s::bigint AS settle, %s::bigint AS fee) r
LEFT JOIN channel_merchant c ON c.channel = 'WECHAT' AND c.sub_merchant_no = r.sub
LEFT JOIN payment p ON p.merchant_id = c.merchant_id AND p.merchant_order_no = r.order_no
ON CONFLICT DO NOTHING
"""


def run(*, quick: bool) -> Figure:
    """Measure seconds to import a bill, and how far the process's memory rises meanwhile."""
    count = QUICK_ROWS if quick else ROWS
    with (
        fresh_cluster() as cluster,
        migrated_database(cluster) as engine,
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder) / "bill.csv"
        write_wechat_bill(_lines(count), path=path)
        _fill(engine)
        _warm_up(engine, Path(folder))
        memory_mib = [_memory_mib()]
        started = perf_counter()
        result = import_bill(
            engine, path=path, now=_NOW, progress=lambda done, total: memory_mib.append(_memory_mib())
        )
        seconds = perf_counter() - started
        grown_mib = max(memory_mib) - memory_mib[0]
        started = perf_counter()
        again = import_bill(engine, path=path, now=_NOW)
        again_s = perf_counter() - started
        peer_s = _peer(engine, path)
    if (result.rows_new, again.rows_new) != (count, 0):
        raise RuntimeError(f"the bill was not imported once: {result} {again}")
    return Figure(
        name="import_bill",
        value=seconds,
        unit="s",
        peer="csv + executemany, nothing checked",
        peer_value=peer_s,
        goal=f"≤ {GOAL_S} s for {ROWS:,} rows, memory flat",
        met=None if quick else seconds <= GOAL_S,
        rows=(
            Row(label="rows", shown=f"{count:,} ({result.rows_matched:,} matched to payments)"),
            Row(label="rows a second", shown=f"{count / seconds:,.0f}"),
            Row(label="memory grew by at most", shown=f"{grown_mib:.0f} MiB"),
            Row(label="the same bill again", shown=f"{again_s:.1f} s, 0 rows added"),
        ),
    )


def _lines(count: int) -> Iterator[BillLine]:
    """Yield a day's payments; every two-hundredth is refunded at once."""
    for n in range(count):
        amount_fen = 100 + n * 7919 % 20_000
        fee_fen = (amount_fen * 38 + 5_000) // 10_000
        at = _FIRST + timedelta(milliseconds=n * 86_000_000 // count)
        refunded = n % 200 == 199
        yield BillLine(
            at=at,
            sub_merchant_no=f"16{n % MERCHANTS:08d}",
            channel_order_no=f"42000{n - refunded:018d}",
            merchant_order_no=f"D250401{n - refunded:08d}",
            refund_no=f"50{n:018d}" if refunded else "",
            merchant_refund_no=f"R250401{n:08d}" if refunded else "",
            amount_fen=amount_fen,
            settle_amount_fen=amount_fen,
            fee_fen=fee_fen,
            name="老王饺子馆",
        )


def _fill(engine: Engine) -> None:
    """Make the merchants with their numbers, and payments for some of the rows."""
    with transaction(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO merchant (merchant_id, name, type, mcc, city_id, activated_at)"
                " SELECT 'M' || lpad(n::text, 5, '0'), 'bench', 'MICRO', '5812', 'BJ', '2025-01-01'"
                " FROM generate_series(0, :last) n"
            ),
            {"last": MERCHANTS - 1},
        )
        connection.execute(
            text(
                "INSERT INTO channel_merchant SELECT 'WECHAT', '16' || lpad(n::text, 8, '0'),"
                " 'M' || lpad(n::text, 5, '0') FROM generate_series(0, :last) n"
            ),
            {"last": MERCHANTS - 1},
        )
        connection.execute(text(_PAYMENTS), {"last": MATCHED - 1, "merchants": MERCHANTS})
    with transaction(engine) as connection:
        connection.execute(text("ANALYZE"))


_PAYMENTS = """
INSERT INTO payment (merchant_id, payment_id, merchant_order_no, request_hash, state, channel, mode,
  amount_fen, settle_amount_fen, buyer_paid_fen, created_at, expires_at, accepted_batch_no, store_id,
  risk_decision, risk_score, fact_set_no, fact_values,
  risk_release_no, release_no, paid_at, business_date, channel_order_no, fee_fen,
  cost_fen, eligible_margin_fen, captured_batch_no)
SELECT 'M' || lpad((n % :merchants)::text, 5, '0'), n, 'D250401' || lpad(n::text, 8, '0'), '', 'SUCCESS',
  'WECHAT', 'MINI', 5000, 5000, 5000, '2025-04-01', '2025-04-02', 1, 'S001',
  'PASS', 0, 0, '[]', 1, 1, '2025-04-01', '2025-04-01', '42000' || lpad(n::text, 18, '0'), 19,
  11, 8, 1
FROM generate_series(0, :last) n
"""


def _warm_up(engine: Engine, folder: Path) -> None:
    """Import one old row, so that what is loaded once is not counted."""
    path = folder / "small.csv"
    line = next(_lines(1))
    write_wechat_bill([line._replace(at=_FIRST - timedelta(days=9), channel_order_no="1")], path=path)
    import_bill(engine, path=path, now=_NOW)


def _peer(engine: Engine, path: Path) -> float:
    """Return the seconds of the plain way."""
    with transaction(engine) as connection:
        connection.execute(text("TRUNCATE bill_row"))
    started = perf_counter()
    with transaction(engine) as connection, path.open(encoding="utf-8", newline="") as file:
        driver: Any = connection.connection
        with driver.cursor() as cursor:
            rows: list[tuple[object, ...]] = []
            for record in csv.DictReader(file):
                if record["交易时间"].startswith("总"):
                    break
                rows.append(_plain_row({k: v.lstrip("`") for k, v in record.items()}))
                if len(rows) == 1_000:
                    cursor.executemany(_PEER_INSERT, rows)
                    rows.clear()
            cursor.executemany(_PEER_INSERT, rows)
    return perf_counter() - started


def _plain_row(record: dict[str, str]) -> tuple[object, ...]:
    refund_no = "" if record["微信退款单号"] == "0" else record["微信退款单号"]
    amount, settle = ("申请退款金额", "退款金额") if refund_no else ("订单金额", "应结订单金额")
    return (
        record["微信订单号"],
        refund_no,
        record["商户订单号"],
        record["特约商户号"],
        "REFUND" if refund_no else "PAY",
        record["交易时间"] + "+08",
        int(Decimal(record[amount]) * 100),
        int(Decimal(record[settle]) * 100),
        int(Decimal(record["手续费"]) * 100),
    )


def _memory_mib() -> float:
    """Return what the process holds now; where the system does not say, the most it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 2**20
