"""The facts about a broker that the platform records."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from engine.expressions import Value
from payments_core.calendar import business_date_of, month_of

_PPM = 1_000_000


def broker_facts(connection: Connection, *, broker_id: str, at: datetime) -> dict[str, Value]:
    """Return the recorded facts `broker.*` at an instant: the month so far, until the last closed day.

    A merchant is active that took a payment this month; the rate is of the merchants served now, rounded
    down to a millionth.
    """
    today = business_date_of(at)
    values = {"broker": broker_id, "at": at, "first": month_of(today), "today": today}
    row = connection.execute(text(_FACTS), values).mappings().one()
    served, active = int(row["served"]), int(row["active"])
    return {
        "broker.id": broker_id,
        "broker.level": str(row["level"]),
        "broker.status": str(row["status"]),
        "broker.store_id": str(row["store_id"] or ""),
        "broker.district": str(row["district_id"] or ""),
        "broker.city": str(row["city_id"] or ""),
        "broker.tenure_days": int(row["tenure_days"]),
        "broker.merchants_served": served,
        "broker.active_merchants": active,
        "broker.active_rate_ppm": min(active, served) * _PPM // served if served else 0,
        "broker.opened_mtd": int(row["opened"]),
        "broker.gmv_mtd_fen": int(row["gmv_fen"]),
        "broker.margin_mtd_fen": int(row["margin_fen"]),
        "broker.share_mtd_fen": int(row["share_fen"]),
    }


_FACTS = """
SELECT b.level, b.status, CAST(:today AS date) - b.joined_on AS tenure_days,
  (SELECT count(DISTINCT merchant_id) FROM merchant_binding
   WHERE broker_id = :broker AND valid @> CAST(:at AS timestamptz)) AS served,
  m.store_id, p.district_id, p.city_id, f.active, f.opened, f.gmv_fen, f.margin_fen, f.share_fen
FROM broker b
LEFT JOIN broker_membership m ON m.broker_id = b.broker_id AND m.valid @> CAST(:at AS timestamptz)
LEFT JOIN org_path p ON p.node_id = m.store_id AND p.valid @> CAST(:at AS timestamptz)
CROSS JOIN (
  SELECT count(DISTINCT merchant_id) FILTER (WHERE payment_count > 0) AS active,
    count(*) FILTER (WHERE opened) AS opened,
    coalesce(sum(payment_fen - refund_fen), 0)::bigint AS gmv_fen,
    coalesce(sum(fee_fen - cost_fen), 0)::bigint AS margin_fen,
    coalesce(sum(broker_share_fen), 0)::bigint AS share_fen
  FROM fact_day WHERE broker_id = :broker AND business_date >= :first AND business_date < :today) f
WHERE b.broker_id = :broker
"""
