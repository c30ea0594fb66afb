"""Correlated events over time: A then B, A without B, n times A, on the same key and within a window.

    runner = SequenceRunner(plans=plans(rulebook), report=log_refusal)
    for event in events:                 # in the order in which they were recorded
        for match in runner.feed(event):
            ...
    runner.advance(now_us)               # time passes without events too

The contract about lateness, equal instants, duplicates and replay: docs/sequences.md. It reads no clock and
keeps nothing on disk: whoever runs it replays the events of `horizon_us` and has the same runner again.
"""

from engine.sequences.errors import SequenceError
from engine.sequences.model import Event, Match, Refusal, RefusalCode, microseconds
from engine.sequences.plans import Pattern, Plan, plans
from engine.sequences.runner import SequenceRunner

__all__ = [
    "Event",
    "Match",
    "Pattern",
    "Plan",
    "Refusal",
    "RefusalCode",
    "SequenceError",
    "SequenceRunner",
    "microseconds",
    "plans",
]
