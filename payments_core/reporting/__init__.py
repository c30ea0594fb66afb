"""Read models of the console: every figure a page shows, read through the reader's own scope."""

from payments_core.reporting.errors import NodeNotFound, RangeInvalid
from payments_core.reporting.model import (
    METRICS,
    Basis,
    Child,
    Figures,
    Level,
    Measure,
    Metric,
    Node,
    Period,
)
from payments_core.reporting.queries_broker import MerchantMonth, broker_figures, broker_merchants
from payments_core.reporting.queries_hierarchy import DayPoint, Report, hierarchy_report
from payments_core.reporting.queries_nodes import Place, get_place
from payments_core.reporting.queries_overview import (
    BusinessDayState,
    ChannelHealth,
    ClosedDay,
    DaySoFar,
    Overview,
    Step,
    overview,
)
from payments_core.reporting.queries_shell import Found, Surroundings, scope_name, search, surroundings

__all__ = [
    "METRICS",
    "Basis",
    "BusinessDayState",
    "ChannelHealth",
    "Child",
    "ClosedDay",
    "DayPoint",
    "DaySoFar",
    "Figures",
    "Found",
    "Level",
    "Measure",
    "MerchantMonth",
    "Metric",
    "Node",
    "NodeNotFound",
    "Overview",
    "Period",
    "Place",
    "RangeInvalid",
    "Report",
    "Step",
    "Surroundings",
    "broker_figures",
    "broker_merchants",
    "get_place",
    "hierarchy_report",
    "overview",
    "scope_name",
    "search",
    "surroundings",
]
