"""Risk: exact velocity windows, and the decision before a channel hears of a payment."""

from payments_core.risk.decision import (
    PASS,
    REJECT,
    REVIEW,
    RISK_KIND,
    ROLLOUT,
    RULE_ERROR,
    SHADOW,
    Decision,
    RiskFile,
    RiskFiles,
    RiskPolicy,
)
from payments_core.risk.windows import SLACK_US, Windows, microseconds

__all__ = [
    "PASS",
    "REJECT",
    "REVIEW",
    "RISK_KIND",
    "ROLLOUT",
    "RULE_ERROR",
    "SHADOW",
    "SLACK_US",
    "Decision",
    "RiskFile",
    "RiskFiles",
    "RiskPolicy",
    "Windows",
    "microseconds",
]
