"""What stops a runner: durable-rules did what its envelope excludes. Its process ends and replays."""

from __future__ import annotations


class SequenceError(RuntimeError):
    """durable-rules answered otherwise than its measured envelope promises."""
