"""Refusals about releases and reviews.

NotFound
├── ReleaseUnknown       no release of that number was ever recorded
├── NoActiveRelease      nothing has been activated yet
└── ReviewUnknown        no review of that number was ever requested
Conflict
├── ReleaseRejected      the commit's rules or forms do not check
├── CheckFailed          the change does not check or its tests fail
├── ProofRefuted         a claim about a changed rule is refuted and nobody accepted it
├── ReviewClosed         the review was refused, withdrawn or published already
├── NotApproved          approvals are missing
├── ApprovalVoid         the draft means another thing than what is under review
├── HistoryDiverged      the remote's main is not a part of ours
├── SelfApproval         who wrote the change wants to approve it
└── NotEntitled          the role is not named for this step by approval.yaml
Invalid
├── ReasonMissing        refusing, and going back alone, need words
└── ScheduleInPast       an activation can only be planned for later
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.diagnostics import Diagnostic
from payments_core.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from engine.rulebook.prove import Proof


class ReleaseUnknown(NotFound):
    """There is no release of that number."""

    code = "RELEASE_UNKNOWN"
    chinese = "没有这个编号的规则版本"


class NoActiveRelease(NotFound):
    """No release is active yet."""

    code = "NO_ACTIVE_RELEASE"
    chinese = "尚未启用任何规则版本"


class ReleaseRejected(Conflict):
    """The release does not check; the one before it stays active."""

    code = "RELEASE_BROKEN"
    chinese = "规则有错误，未启用；仍用之前的版本"

    def __init__(self, message: str, *, commit: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Keep every finding for the console to show in the editor."""
        super().__init__(message, commit=commit)
        self.diagnostics = diagnostics


class ReviewUnknown(NotFound):
    """There is no review of that number."""

    code = "REVIEW_UNKNOWN"
    chinese = "没有这个编号的复核"


class CheckFailed(Conflict):
    """The change does not check, so it cannot be reviewed or published."""

    code = "CHECK_FAILED"
    chinese = "变更未通过检查，不能提交复核或发布"

    def __init__(self, *, diagnostics: Sequence[Diagnostic]) -> None:
        """Keep every error, and tell the first."""
        super().__init__(None, errors=[one.render(None) for one in diagnostics[:20]])
        self.diagnostics = tuple(diagnostics)


class ProofRefuted(Conflict):
    """A claim about a changed rule is refuted and not accepted in its file."""

    code = "PROOF_REFUTED"
    chinese = "被改规则有断言被证伪且未在文件中接受"

    def __init__(self, *, proofs: Sequence[Proof]) -> None:
        """Keep every refuted proof, and tell the first."""
        super().__init__(None, proofs=[f"{one.location} {one.code}" for one in proofs[:20]])
        self.proofs = tuple(proofs)


class ReviewClosed(Conflict):
    """The review is closed: refused, withdrawn or published."""

    code = "REVIEW_CLOSED"
    chinese = "复核已结束：已驳回、撤回或发布"


class NotApproved(Conflict):
    """Approvals are missing."""

    code = "NOT_APPROVED"
    chinese = "还缺少批准"


class ApprovalVoid(Conflict):
    """The draft means another thing than what is under review: request the review again."""

    code = "APPROVAL_VOID"
    chinese = "草稿在提交复核后有实质改动，批准已失效，请重新提交复核"


class HistoryDiverged(Conflict):
    """The remote holds releases that were never made here: nothing is merged until that is cleared up."""

    code = "REMOTE_DIVERGED"
    chinese = "远端规则库有本系统没有的发布，查清之前不再合并"


class SelfApproval(Conflict):
    """Who wrote a change does not approve it."""

    code = "SELF_APPROVAL"
    chinese = "作者不能批准自己的变更"


class NotEntitled(Conflict):
    """rules/approval.yaml does not name this role for this step."""

    code = "NOT_ENTITLED"
    chinese = "按 rules/approval.yaml，该身份不能做这一步"


class ReasonMissing(Invalid):
    """This step needs a reason in words."""

    code = "REASON_MISSING"
    chinese = "这一步须写明原因"


class ScheduleInPast(Invalid):
    """An activation is planned for an instant to come."""

    code = "SCHEDULE_IN_PAST"
    chinese = "定时激活的时间须在将来"
