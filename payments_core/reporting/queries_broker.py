"""What a broker sees of his own month: the sums behind his share, and his merchants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from payments_core.reporting.model import Figures, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantMonth:
    """One merchant of a broker in a period; `last_day` is its newest day with a payment. Amounts in fen."""

    merchant_id: str
    name: str
    status: str
    payment_count: int
    payment_fen: int
    margin_fen: int
    last_day: date | None


def broker_figures(connection: Connection, *, broker_id: str, period: Period) -> Figures:
    """Return the sums of the merchants while `broker_id` served them; Figures() where nothing is known."""
    row = (
        connection.execute(
            text(
                """SELECT coalesce(sum(payment_count), 0)::bigint AS payment_count,
                coalesce(sum(payment_fen), 0)::bigint AS payment_fen,
                  coalesce(sum(refund_count), 0)::bigint AS refund_count, coalesce(sum(refund_fen),
                    0)::bigint AS refund_fen,
                  coalesce(sum(fee_fen), 0)::bigint AS fee_fen, coalesce(sum(cost_fen), 0)::bigint AS
                    cost_fen,
                  coalesce(sum(broker_share_fen), 0)::bigint AS broker_share_fen,
                  count(DISTINCT merchant_id) FILTER (WHERE payment_count > 0) AS active_merchants,
                  count(*) FILTER (WHERE opened) AS opened
                FROM fact_day WHERE broker_id = :broker AND business_date BETWEEN :first AND :last"""
            ),
            {"broker": broker_id, "first": period.first, "last": period.last},
        )
        .mappings()
        .one()
    )
    return Figures(**row)


def broker_merchants(connection: Connection, *, broker_id: str, period: Period) -> tuple[MerchantMonth, ...]:
    """Return the merchants the broker serves now or served in the period, biggest first."""
    found = connection.execute(
        text(
            """SELECT m.merchant_id, m.name, m.status, coalesce(sum(f.payment_count), 0)::bigint AS
            payment_count,
              coalesce(sum(f.payment_fen), 0)::bigint AS payment_fen,
              coalesce(sum(f.fee_fen) - sum(f.cost_fen), 0)::bigint AS margin_fen,
              max(f.business_date) FILTER (WHERE f.payment_count > 0) AS last_day
            FROM merchant m LEFT JOIN fact_day f ON f.merchant_id = m.merchant_id AND f.broker_id = :broker
              AND f.business_date BETWEEN :first AND :last
            GROUP BY m.merchant_id, m.name, m.status ORDER BY payment_fen DESC, m.merchant_id"""
        ),
        {"broker": broker_id, "first": period.first, "last": period.last},
    )
    return tuple(MerchantMonth(**row) for row in found.mappings())
