"""The only place that reads the clock of the machine."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)
