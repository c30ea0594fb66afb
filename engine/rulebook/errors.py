"""What goes wrong when a rulebook is asked, as opposed to when it is written.

    RulebookError          the question has no answer; callers decide how to fail
    ├── NoRuleInForce      no rule of the kind applies at that instant and scope
    ├── NoRowMatches       a table has no row for these facts
    ├── HitConflict        a `unique` or `any` table has several, contradicting rows
    └── RuleNotFound       no rule of that id and version

A condition that cannot be evaluated raises EvaluationError (engine.expressions); it is never "false".
"""

from __future__ import annotations


class RulebookError(Exception):
    """The rulebook has no answer to this question."""


class NoRuleInForce(RulebookError):
    """No rule of this kind is in force at that instant for that scope."""


class NoRowMatches(RulebookError):
    """No row of the table matches these facts."""


class HitConflict(RulebookError):
    """Several rows match where the hit policy allows one result."""


class RuleNotFound(RulebookError):
    """There is no rule with this id and version."""
