"""A pool of margin split among its lines, in SQL: rounded once, then by the largest remainder.

Daily posting and backtests share by these very words.
"""

from __future__ import annotations


def split_pools(source: str, *, pool: str) -> str:
    """Return CTEs that end in `shared`: the rows of `source` and `cum_fen`, the share of each line, in fen.

    A row of `source` is a line with the margin so far of its stream: cum_margin_fen, rounding, pool_no,
    pool_ppm, line_no, rate_ppm. `pool` names the columns that tell pools apart. The remainder goes to the
    largest rests, ties by line number.
    """
    # OFFSET 0: what is used several times is computed once.
    return f"""
rounded AS (
  SELECT *, {_SIGN.format("millionths")} * (abs(millionths) / 1000000 + {_UP}) AS pool_fen
  FROM (SELECT *, cum_margin_fen * pool_ppm AS millionths FROM {source}) m OFFSET 0),
floored AS (
  SELECT *, abs(pool_fen) * rate_ppm / pool_ppm AS floor_fen, abs(pool_fen) * rate_ppm % pool_ppm AS rest
  FROM rounded OFFSET 0),
shared AS (
  SELECT *, {_SIGN.format("pool_fen")} * (floor_fen + (row_number() OVER (pool ORDER BY rest DESC, line_no)
      <= abs(pool_fen) - (sum(floor_fen) OVER pool)::bigint)::int) AS cum_fen
  FROM floored WINDOW pool AS (PARTITION BY {pool}))
"""


_SIGN = "CASE WHEN {} < 0 THEN -1 ELSE 1 END"
# Mirrored at zero; PostgreSQL's own division is towards zero.
_UP = """CASE rounding
  WHEN 'HALF_UP' THEN (abs(millionths) % 1000000 >= 500000)::int
  WHEN 'HALF_EVEN' THEN (abs(millionths) % 1000000 > 500000 OR
    (abs(millionths) % 1000000 = 500000 AND abs(millionths) / 1000000 % 2 = 1))::int
  WHEN 'DOWN' THEN 0 END"""
