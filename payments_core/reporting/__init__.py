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
from payments_core.reporting.queries_shell import Found, Surroundings, scope_name, search, surroundings

__all__ = [
    "METRICS",
    "Basis",
    "Child",
    "Figures",
    "Found",
    "Level",
    "Measure",
    "Metric",
    "Node",
    "NodeNotFound",
    "Period",
    "RangeInvalid",
    "Surroundings",
    "scope_name",
    "search",
    "surroundings",
]
