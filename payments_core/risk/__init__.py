"""Risk: exact velocity windows, and the decision before a channel hears of a payment."""

from payments_core.risk.decision import (
    PASS,
    REJECT,
    REVIEW,
    RISK_KIND,
    RULE_ERROR,
    Decision,
    RiskFiles,
    RiskPolicy,
)
from payments_core.risk.windows import SLACK_US, Windows, microseconds

__all__ = [
    "PASS",
    "REJECT",
    "REVIEW",
    "RISK_KIND",
    "RULE_ERROR",
    "SLACK_US",
    "Decision",
    "RiskFiles",
    "RiskPolicy",
    "Windows",
    "microseconds",
]
