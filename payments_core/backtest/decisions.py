"""Risk decisions of one day under the draft, from the facts each decision was made on."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from payments_core.backtest.plan import Plan


def decisions_of(connection: Connection, plan: Plan, *, day_no: int, day: date) -> None:
    """Write the decisions of the payments created on a day, and which rules fired."""
