"""What a change moves in a month: the one figure that says who must approve it.

Counted either way, so that a merchant's gain never hides another's loss: of what merchants pay, of channel
cost, of what brokers and stores receive, and of what is left to the platform, the one that moves most.
A run has the figure only where it can stand for the change: everything that the change alters is computed,
for everybody, with no payment left out, over seven days or all there are.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, text

from payments_core.backtest.model import State
from payments_core.backtest.tables import backtest_run

MONTH_DAYS = 30
LEAST_DAYS = 7


def write_impact(connection: Connection, *, run_no: int) -> None:
    """Write the figure of a run whose totals are written, null where it has none."""
    connection.execute(_WRITE, {"run_no": run_no, "month": MONTH_DAYS, "least": LEAST_DAYS})


def find_impact(connection: Connection, *, meaning: str) -> int | None:
    """Return what a change of this meaning moves in a month, in fen; None where nobody has measured it.

    Of several runs the largest figure: a quiet week chosen later does not spare anybody an approver.
    """
    of_change = (backtest_run.c.meaning == meaning) & (backtest_run.c.state == State.DONE)
    found = connection.execute(select(func.max(backtest_run.c.impact_fen)).where(of_change)).scalar()
    return None if found is None or not meaning else int(found)


_WRITE = text("""
WITH moved AS (
  SELECT coalesce(sum(unread) FILTER (WHERE dimension = 'all'), 0) AS unread, greatest(
    coalesce(sum(abs(new_fee_fen - fee_fen)) FILTER (WHERE dimension = 'merchant'), 0),
    coalesce(sum(abs(new_cost_fen - cost_fen)) FILTER (WHERE dimension = 'merchant'), 0),
    coalesce(sum(abs(shared_fen)) FILTER (WHERE dimension = 'party'), 0),
    coalesce(sum(abs(new_fee_fen - fee_fen - new_cost_fen + cost_fen - shared_fen))
      FILTER (WHERE dimension = 'merchant'), 0)) AS moved_fen
  FROM (SELECT *, new_opener_fen + new_maintainer_fen + new_store_fen
    - opener_fen - maintainer_fen - store_fen AS shared_fen FROM backtest_total WHERE run_no = :run_no) t),
lived AS (SELECT coalesce(min(business_date), '-infinity') AS first FROM business_day),
period AS (SELECT last_date - greatest(first_date, first) + 1 AS days, first_date <= first AS is_all
  FROM backtest_run, lived WHERE run_no = :run_no)
UPDATE backtest_run SET impact_fen = CASE WHEN is_whole AND scope = '{}' AND unread = 0
  AND (is_all OR days >= :least) THEN ceil(moved_fen * :month / days)::bigint END
FROM moved, period WHERE run_no = :run_no
""")
