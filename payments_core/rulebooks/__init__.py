"""Which release is active since when, the reviews of changes, and the numbers of rule lines.

number = request_review(connection, desk=desk, draft="fee.std.ops", by=ops, title="三月降费率", now=now)
approve(connection, desk=desk, review_no=number, by=finance, now=now)
publish(connection, desk=desk, review_no=number, by=ops, now=now)
"""

from payments_core.rulebooks.errors import (
    ApprovalVoid,
    CheckFailed,
    HistoryDiverged,
    NoActiveRelease,
    NotApproved,
    NotEntitled,
    ProofRefuted,
    ReasonMissing,
    ReleaseRejected,
    ReleaseUnknown,
    ReviewClosed,
    ReviewUnknown,
    ScheduleInPast,
    SelfApproval,
)
from payments_core.rulebooks.evidence import Evidence, examine
from payments_core.rulebooks.mirror import Remote, find_remote, mirror
from payments_core.rulebooks.model import Actor, Decision, Review
from payments_core.rulebooks.operations import CHANNEL, activate, record_release
from payments_core.rulebooks.publishing import publish, roll_back, schedule
from payments_core.rulebooks.queries import (
    Activation,
    ActiveRulebook,
    active,
    commit_of_release,
    get_review,
    list_activations,
    list_reviews,
)
from payments_core.rulebooks.refs import RuleRefKey, intern_refs
from payments_core.rulebooks.reviews import (
    approve,
    note_impact,
    refuse,
    request_review,
    request_roll_back,
    withdraw,
)
from payments_core.rulebooks.schedules import activate_due
from payments_core.rulebooks.standing import Desk, needed_for, outstanding_for

__all__ = [
    "CHANNEL",
    "Activation",
    "ActiveRulebook",
    "Actor",
    "ApprovalVoid",
    "CheckFailed",
    "Decision",
    "Desk",
    "Evidence",
    "HistoryDiverged",
    "NoActiveRelease",
    "NotApproved",
    "NotEntitled",
    "ProofRefuted",
    "ReasonMissing",
    "ReleaseRejected",
    "ReleaseUnknown",
    "Remote",
    "Review",
    "ReviewClosed",
    "ReviewUnknown",
    "RuleRefKey",
    "ScheduleInPast",
    "SelfApproval",
    "activate",
    "activate_due",
    "active",
    "approve",
    "commit_of_release",
    "examine",
    "find_remote",
    "get_review",
    "intern_refs",
    "list_activations",
    "list_reviews",
    "mirror",
    "needed_for",
    "note_impact",
    "outstanding_for",
    "publish",
    "record_release",
    "refuse",
    "request_review",
    "request_roll_back",
    "roll_back",
    "schedule",
    "withdraw",
]
