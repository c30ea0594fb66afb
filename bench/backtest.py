"""A new rate table of forty rows against a month's payments, with shares, inside the database.

The draft raises every rate of the table; fee, cost, margin and shares of every payment are computed anew and
summed by party, day, city, district, store, broker and merchant, with the coverage of every row. The peer is
SQL written by hand for the same figures, run on the same database in the same process; both take turns.
The same draft with another condition in every row cannot use what was booked as evidence: it is measured too.
The payments (2.7 GB, pages half free as the product leaves them) lie in the server's memory for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, text

from bench._backtest_peer import CHANNELS, MCCS, peer
from bench._databases import fresh_cluster, migrated_database, open_streams, vacuum
from bench._payments_world import build, rulebook
from bench.figure import Figure, Row
from engine.rulebook import Rulebook
from payments_core import backtest
from payments_core.backtest import Period, Question, Total
from payments_core.database import transaction
from payments_core.profit_share import post_shares

FIRST = date(2025, 4, 1)
DAYS = 10
NOW = datetime(2025, 5, 1, tzinfo=UTC)
GOAL_S, GOAL_TIMES = 10, 1.5
ROUNDS = (200, 300, 400)
"""How much dearer each draft is, in ppm."""
PATH = "rules/merchant_fee/fee.community.std.yaml"


def run(*, quick: bool) -> Figure:
    """Measure the backtest beside the SQL; `quick` is a tenth of it."""
    payments, merchants = (400_000, 1_000) if quick else (4_000_000, 10_000)
    released = rulebook({PATH: table(version=4)})
    ours: list[float] = []
    theirs: list[float] = []
    # All payments fit into the memory of the server.
    with fresh_cluster(shared_buffers="4GB") as cluster, migrated_database(cluster) as engine:
        fill(engine, released, payments=payments, merchants=merchants)
        for more in ROUNDS:
            ours_s, whole = timed(partial(asked, engine, released, drafted(released, more=more)))
            peer_s, other = timed(partial(peer, engine, more=more))
            ensure_same(whole, other)
            ours.append(ours_s)
            theirs.append(peer_s)
        anew = drafted(released, more=ROUNDS[0], least=1)
        anew_s, _ = timed(partial(asked, engine, released, anew))
        again_s, _ = timed(partial(asked, engine, released, anew))
    ours_s, peer_s = median(ours), median(theirs)
    return Figure(
        name="backtest",
        value=ours_s,
        unit="s",
        peer="SQL written by hand for the same figures",
        peer_value=peer_s,
        goal=f"{payments:,} payments within {GOAL_S} s and {GOAL_TIMES} × the SQL",
        met=ours_s <= GOAL_S and ours_s <= GOAL_TIMES * peer_s,
        rows=(
            Row(label="payments", shown=f"{payments:,}"),
            Row(label="rows of the table", shown=f"{MCCS * len(CHANNELS)}"),
            Row(label="× the SQL", shown=f"{ours_s / peer_s:.2f}"),
            Row(label="every condition changed too, s", shown=f"{anew_s:.2f}"),
            Row(label="the same asked again, s", shown=f"{again_s:.2f}"),
            Row(label="fee, fen", shown=f"{whole.released.fee_fen:,} → {whole.draft.fee_fen:,}"),
        ),
    )


def drafted(released: Rulebook, *, more: int, least: int = 0) -> Rulebook:
    """Return the draft: the released rules, and a next version of the table that is to begin next year."""
    draft = rulebook({PATH: table(version=5, more=more, start="2026-01-01", least=least)})
    return draft.with_earlier(released.versions)


def timed(work: Callable[[], Total]) -> tuple[float, Total]:
    """Return the seconds that `work` takes, and what it says."""
    started = perf_counter()
    total = work()
    return perf_counter() - started, total


def asked(engine: Engine, released: Rulebook, draft: Rulebook) -> Total:
    """Ask, run, and read the whole of a backtest."""
    period = Period(first=FIRST, last=FIRST + timedelta(days=DAYS - 1))
    question = Question(released=released, draft=draft, period=period)
    with transaction(engine) as connection:
        run_no = backtest.ask(
            connection,
            title="bench",
            released_commit="0" * 40,
            draft_commit="1" * 40,
            period=period,
            asked_by="bench",
            now=NOW,
        )
    backtest.run(engine, run_no=run_no, question=question, clock=lambda: NOW)
    with transaction(engine) as connection:
        return backtest.get_total(connection, run_no=run_no)


def ensure_same(ours: Total, theirs: Total) -> None:
    """Raise where the two disagree."""
    if (ours.released, ours.draft, ours.payments) != (theirs.released, theirs.draft, theirs.payments):
        raise RuntimeError(f"the backtest says {ours}, the SQL {theirs}")


def rate_of(number: int) -> int:
    """Return the released rate of a row, in ppm."""
    return 3000 + number * 50


def conditions() -> Iterator[tuple[str, str]]:
    """Yield channel and industry of each row in order."""
    for channel in CHANNELS:
        for mcc in range(MCCS):
            yield channel, f"58{mcc:02d}"


def table(*, version: int, more: int = 0, start: str = "2025-01-01", least: int = 0) -> str:
    """Return a fee rule of forty rows; `more` is added to every rate, `least` changes every condition."""
    rows = []
    for number, (channel, mcc) in enumerate(conditions()):
        when = f"txn.channel == '{channel}' && merchant.mcc == '{mcc}'"
        if least:
            when += f" && txn.settle_amount_fen >= {least}"
        if number == MCCS * len(CHANNELS) - 1:
            when = "true"
        cap = ", cap_fen: 40, min_fen: 2" if number % 4 == 3 else ""
        rate = f"0.{rate_of(number) + more:06d}"
        rows.append(f'    - {{when: "{when}", rate: "{rate}"{cap}}}')
    return "\n".join(
        (
            "kind: merchant_fee",
            "id: fee.community.std",
            f"version: {version}",
            "title: 四十行费率",
            "owner: 总部运营",
            f'effective: {{from: "{start}T00:00:00+08:00", to: null}}',
            "scope: {city: [BJ]}",
            "spec:",
            "  basis: settle_amount_fen",
            "  clock: txn.paid_at",
            "  rounding: {unit: fen, mode: HALF_UP, per: txn}",
            "  refund: return_cumulative",
            "  allow_negative_margin: true",
            "  rows:",
            *rows,
            "",
        )
    )


def fill(engine: Engine, released: Rulebook, *, payments: int, merchants: int) -> None:
    """Write the organisation, merchants of ten industries, and ten days of payments with posted shares."""
    build(engine, merchants=merchants, book=released)
    with transaction(engine) as connection:  # nobody looks for an order here
        connection.execute(text("ALTER TABLE payment DROP CONSTRAINT uq_payment_order"))
    values = {"merchants": merchants, "each": payments // DAYS}
    with transaction(engine) as connection:
        for number in range(MCCS * len(CHANNELS)):
            ref = "INSERT INTO rule_ref (kind, rule_id, version, row_no, line) VALUES ('merchant_fee',"
            connection.execute(
                text(f"{ref} 'fee.community.std', 4, :row, :line)"), {"row": number, "line": 15 + number}
            )
        ref = "INSERT INTO rule_ref (kind, rule_id, version, row_no, line) VALUES ('channel_cost',"
        connection.execute(text(f"{ref} 'cost.channels', 2, 2, 14)"))
        named = "INSERT INTO fact_set (names, digest) VALUES ('{txn.payer_is_broker}', '')"
        connection.execute(text(named))
        # The trigger that keeps open payments has nothing to keep here.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(_MCC))
        open_streams(connection, merchants=merchants)
    for day in range(DAYS):
        on = FIRST + timedelta(days=day)
        with transaction(engine) as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(_PAYMENTS), {**values, "day": on, "number": day})
            connection.execute(text(_CLOSED), {"day": on, "now": NOW})
        with transaction(engine) as connection:
            post_shares(connection, business_date=on, release_no=1, now=NOW)
    vacuum(engine)


_MCC = "UPDATE merchant SET mcc = '58' || lpad((merchant_no % 10)::text, 2, '0')"
_CLOSED = """
INSERT INTO business_day (business_date, state, closed_at, steps) VALUES (:day, 'SETTLED', :now,
  '{"shares": {}}')
"""
_PAYMENTS = """
INSERT INTO payment (merchant_id, payment_id, merchant_order_no, request_hash, state, channel, mode,
  amount_fen, settle_amount_fen, buyer_paid_fen, created_at, expires_at, accepted_batch_no, store_id,
  broker_id, opener_id, risk_decision, risk_score, fact_set_no, fact_values, risk_release_no, release_no,
  paid_at, business_date, fee_fen, cost_fen, eligible_margin_fen, fee_ref_no, cost_ref_no, stream_id,
  captured_batch_no)
SELECT merchant_id, id, id::text, '', 'SUCCESS', channel, 'STATIC_QR', fen, fen, fen, paid_at, paid_at, 1,
  'S' || lpad((1 + (n - 1) % 10)::text, 3, '0'), 'B' || lpad((11 + (n - 1) % 10)::text, 4, '0'),
  'B' || lpad((1 + (n - 1) % 10)::text, 4, '0'), 'PASS', 0, 1, '[false]', 1, 1, paid_at, :day, fee, cost,
  greatest(fee - cost, 0), ref_no, 41, n, 1
FROM (
  SELECT *, CASE WHEN row_no % 4 = 3 THEN least(greatest(charge, 2), 40) ELSE charge END AS fee,
    (fen * 2200 + 500000) / 1000000 AS cost, 1 + row_no AS ref_no
  FROM (
    SELECT *, (fen * (3000 + row_no * 50) + 500000) / 1000000 AS charge,
      'M' || lpad(n::text, 5, '0') AS merchant_id FROM (
      SELECT *, CASE channel WHEN 'WECHAT' THEN 0 WHEN 'ALIPAY' THEN 10 WHEN 'UNIONPAY_QR' THEN 20 ELSE 30 END
        + n % 10 AS row_no
      FROM (
        SELECT (CAST(:number AS bigint) * :each + i) AS id, 1 + i % :merchants AS n,
          500 + i * 7919 % 9000 AS fen,
          (ARRAY['WECHAT','ALIPAY','UNIONPAY_QR','BANKCARD'])[1 + (i / 7) % 4] AS channel,
          CAST(:day AS date) + i % 86400 * interval '1 second' AS paid_at
        FROM generate_series(1, CAST(:each AS bigint)) i) a) b) c) d
"""
