"""Timing two things side by side, so that a busy machine slows both."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter


def side_by_side(*calls: Callable[[], object], rounds: int) -> tuple[float, ...]:
    """Return the median seconds of each call, taking turns; one round before counting warms up."""
    taken: list[list[float]] = [[] for _ in calls]
    for round_no in range(rounds + 1):
        for call, seconds in zip(calls, taken, strict=True):
            gc.collect()
            started = perf_counter()
            call()
            if round_no:
                seconds.append(perf_counter() - started)
    return tuple(median(seconds) for seconds in taken)
