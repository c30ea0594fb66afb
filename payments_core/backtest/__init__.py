"""Backtests: a draft of the rules against past payments, inside the database (docs/backtest.md)."""

from payments_core.backtest.errors import DaysOpen, LabelledNotFound, PeriodInvalid, RunNotFound, RunOver
from payments_core.backtest.model import Period, Progress, Question, State, as_if_in_force, changed_rules
from payments_core.backtest.operations import ask, cancel, label_payments, run
from payments_core.backtest.queries import (
    Covered,
    Money,
    Run,
    Total,
    get_run,
    get_total,
    list_coverage,
    list_extremes,
    list_runs,
    list_totals,
)

__all__ = [
    "Covered",
    "DaysOpen",
    "LabelledNotFound",
    "Money",
    "Period",
    "PeriodInvalid",
    "Progress",
    "Question",
    "Run",
    "RunNotFound",
    "RunOver",
    "State",
    "Total",
    "as_if_in_force",
    "ask",
    "cancel",
    "changed_rules",
    "get_run",
    "get_total",
    "label_payments",
    "list_coverage",
    "list_extremes",
    "list_runs",
    "list_totals",
    "run",
]
