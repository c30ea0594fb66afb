"""Refusals about releases.

NotFound
├── ReleaseUnknown       no release of that number was ever recorded
└── NoActiveRelease      nothing has been activated yet
Conflict
└── ReleaseRejected      the commit's rules or forms do not check
"""

from __future__ import annotations

from engine.diagnostics import Diagnostic
from payments_core.errors import Conflict, NotFound


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
