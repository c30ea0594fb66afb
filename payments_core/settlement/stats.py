"""The daily figures of every merchant that conditions read as `merchant.*`, as of a closed business date.

Windows end with `as_of`: 7 days are as_of and the six before. Shares are ppm, amounts fen, rounded down.
The baseline is for the day after as_of: the median of the four same weekdays before it.

    state     NEW        activated within the last 7 days
              ACTIVE     traded on at least 5 of the last 7 days
              DECLINING  traded within the last 7 days, less often
              DORMANT    no trade for 7 days
              CHURNED    no trade for 30 days
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, text

from payments_core.calendar import day_bounds
from payments_core.database.lane import bump_directory

NEVER = 9999
"""days_since_last_txn of a merchant that has not traded."""


def rebuild_stats(connection: Connection, *, as_of: date) -> int:
    """Write every merchant's figures as of a business date and return how many merchants there are.

    Figures of a later date are left alone. The directory version is bumped and stamped on what was written.
    """
    number = bump_directory(connection)
    return connection.execute(text(_REBUILD), {**figure_values(as_of), "directory_no": number}).rowcount


def figure_values(as_of: date) -> dict[str, object]:
    """Return the parameters of FIGURES: any closed business date, since daily facts stay as they were."""
    return {
        "as_of": as_of,
        "end": day_bounds(as_of)[1],
        "from_7": as_of - timedelta(days=6),
        "from_14": as_of - timedelta(days=13),
        "from_28": as_of - timedelta(days=27),
        "from_30": as_of - timedelta(days=29),
        "never": NEVER,
    }


FIGURES = """
WITH daily AS (
  SELECT merchant_id, business_date, sum(payment_fen) AS fen, sum(payment_count) AS cnt,
    sum(refund_fen) AS refund_fen
  FROM fact_day WHERE business_date BETWEEN :from_28 AND :as_of GROUP BY merchant_id, business_date),
sums AS (
  SELECT merchant_id,
    coalesce(sum(fen) FILTER (WHERE business_date = :as_of), 0) AS gmv_1d_fen,
    coalesce(sum(fen) FILTER (WHERE business_date >= :from_7), 0) AS gmv_7d_fen,
    coalesce(sum(fen) FILTER (WHERE business_date >= :from_14 AND business_date < :from_7),
      0) AS gmv_before_fen,
    sum(fen) AS gmv_28d_fen,
    coalesce(sum(fen) FILTER (WHERE business_date = :as_of - 6), 0) AS same_1_fen,
    coalesce(sum(fen) FILTER (WHERE business_date = :as_of - 13), 0) AS same_2_fen,
    coalesce(sum(fen) FILTER (WHERE business_date = :as_of - 20), 0) AS same_3_fen,
    coalesce(sum(fen) FILTER (WHERE business_date = :as_of - 27), 0) AS same_4_fen,
    coalesce(sum(cnt) FILTER (WHERE business_date >= :from_7), 0) AS cnt_7d,
    sum(cnt) AS cnt_28d,
    sum(refund_fen) AS refund_28d_fen,
    count(*) FILTER (WHERE business_date >= :from_7 AND cnt > 0) AS active_days_7
  FROM daily GROUP BY merchant_id),
seen AS (
  SELECT merchant_id, count(DISTINCT payer_hash) FILTER (WHERE payer_hash <> '') AS payers_30d,
    coalesce(sum(settle_amount_fen) FILTER (WHERE card_type = 'CREDIT' AND business_date >= :from_28), 0)
      AS credit_28d_fen,
    coalesce(sum(settle_amount_fen) FILTER (WHERE business_date >= :from_7
      AND extract(hour FROM paid_at AT TIME ZONE 'Asia/Shanghai') < 6), 0) AS night_7d_fen
  FROM payment WHERE business_date BETWEEN :from_30 AND :as_of AND state = 'SUCCESS' GROUP BY merchant_id),
last AS (
  SELECT merchant_id, max(business_date) AS last_on FROM fact_day
  WHERE payment_count > 0 AND business_date <= :as_of GROUP BY merchant_id),
figures AS (
  SELECT m.merchant_id,
    greatest(CAST(:as_of AS date) - (m.activated_at AT TIME ZONE 'Asia/Shanghai')::date,
      0) AS days_since_active,
    coalesce(CAST(:as_of AS date) - l.last_on, :never) AS days_since_last_txn,
    coalesce(gmv_1d_fen, 0) AS gmv_1d_fen, coalesce(gmv_7d_fen, 0) AS gmv_7d_fen,
    coalesce(gmv_28d_fen, 0) AS gmv_28d_fen, coalesce(cnt_7d, 0) AS cnt_7d, coalesce(cnt_28d, 0) AS cnt_28d,
    coalesce(payers_30d, 0) AS payers_30d, coalesce(active_days_7, 0) AS active_days_7,
    coalesce(gmv_7d_fen * 1000000 / nullif(gmv_before_fen, 0), 1000000) AS gmv_wow_ppm,
    coalesce(refund_28d_fen * 1000000 / nullif(gmv_28d_fen, 0), 0) AS refund_rate_28d_ppm,
    coalesce(credit_28d_fen * 1000000 / nullif(gmv_28d_fen, 0), 0) AS credit_share_28d_ppm,
    coalesce(night_7d_fen * 1000000 / nullif(gmv_7d_fen, 0), 0) AS night_share_7d_ppm,
    coalesce(gmv_28d_fen / nullif(cnt_28d, 0), 0) AS avg_ticket_28d_fen,
    coalesce((same_1_fen + same_2_fen + same_3_fen + same_4_fen
      - greatest(same_1_fen, same_2_fen, same_3_fen, same_4_fen)
      - least(same_1_fen, same_2_fen, same_3_fen, same_4_fen)) / 2, 0) AS baseline_1d_fen
  FROM merchant m LEFT JOIN sums USING (merchant_id) LEFT JOIN seen USING (merchant_id)
  LEFT JOIN last l USING (merchant_id)
  WHERE m.activated_at < :end)
SELECT merchant_id, jsonb_build_object(
    'days_since_active', days_since_active, 'days_since_last_txn', days_since_last_txn,
    'gmv_1d_fen', trunc(gmv_1d_fen), 'gmv_7d_fen', trunc(gmv_7d_fen), 'gmv_28d_fen', trunc(gmv_28d_fen),
    'cnt_7d', cnt_7d, 'cnt_28d', cnt_28d, 'payers_30d', payers_30d, 'active_days_7', active_days_7,
    'gmv_wow_ppm', trunc(gmv_wow_ppm), 'refund_rate_28d_ppm', trunc(refund_rate_28d_ppm),
    'credit_share_28d_ppm', trunc(credit_share_28d_ppm), 'night_share_7d_ppm', trunc(night_share_7d_ppm),
    'avg_ticket_28d_fen', trunc(avg_ticket_28d_fen), 'baseline_1d_fen', trunc(baseline_1d_fen),
    'state', CASE WHEN days_since_active < 7 THEN 'NEW' WHEN active_days_7 >= 5 THEN 'ACTIVE'
      WHEN days_since_last_txn < 7 THEN 'DECLINING' WHEN days_since_last_txn < 30 THEN 'DORMANT'
      ELSE 'CHURNED' END) AS figures
FROM figures
"""
"""The query of every merchant's figures as of a day, by the names of the facts without `merchant.`"""

_REBUILD = f"""
INSERT INTO merchant_stats AS s (merchant_id, as_of, figures, directory_no)
SELECT merchant_id, :as_of, figures, :directory_no FROM ({FIGURES}) f ORDER BY merchant_id
ON CONFLICT (merchant_id) DO UPDATE SET as_of = excluded.as_of, figures = excluded.figures,
  directory_no = excluded.directory_no WHERE s.as_of <= excluded.as_of
"""
