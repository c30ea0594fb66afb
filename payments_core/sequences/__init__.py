"""Sequences at work: the outbox read as events, and what the rules of kind `sequence` found in them."""

from payments_core.sequences.errors import MatchNotFound, ReaderOvertaken
from payments_core.sequences.feed import FACTS, TYPES, Feed, Page
from payments_core.sequences.follower import Follower, Step
from payments_core.sequences.operations import Position, get_position, move

__all__ = [
    "FACTS",
    "TYPES",
    "Feed",
    "Follower",
    "MatchNotFound",
    "Page",
    "Position",
    "ReaderOvertaken",
    "Step",
    "get_position",
    "move",
]
