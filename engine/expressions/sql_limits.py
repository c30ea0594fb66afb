"""Where the SQL reading says no: the refusal, and how long the SQL of a condition may become."""

from __future__ import annotations

from engine.expressions.tree import (
    Arithmetic,
    Constant,
    ListOf,
    Membership,
    Node,
    Quantifier,
    TextTest,
    children,
)

NODES_LIMIT = 20_000
"""The most nodes the SQL may come to: an operand that is written twice, inside another, doubles each time."""


class SqlRefused(Exception):
    """A condition that has no SQL, or a column that cannot hold its fact; `fact` names it, if it is one.

    Codes: SQL_COLUMN_MISSING, SQL_COLUMN_TYPE (the columns given are at fault), SQL_TEXT, SQL_TIMESTAMP (a
    literal the databases cannot hold, or not all of them alike), SQL_TOO_LONG (more than NODES_LIMIT nodes).
    """

    def __init__(self, code: str, *, fact: str = "", detail: str = "") -> None:
        super().__init__(": ".join(part for part in (code, fact, detail) if part))
        self.code = code
        self.fact = fact
        self.detail = detail


def refuse_too_long(tree: Node) -> None:
    """Raise SqlRefused SQL_TOO_LONG for a tree whose SQL would have more than NODES_LIMIT nodes."""
    length = _length(tree)
    if length > NODES_LIMIT:
        raise SqlRefused("SQL_TOO_LONG", detail=f"{length} nodes, limit {NODES_LIMIT}")


def divides_always(node: Arithmetic) -> bool:
    """Whether a division needs no guard: its divisor is a literal that is neither 0 nor −1."""
    return isinstance(node.right, Constant) and node.right.value not in (0, -1)


def _length(node: Node) -> int:
    below = [_length(child) for child in children(node)]
    match node:
        case Arithmetic(operator="/" | "%") if not divides_always(node):
            # DuckDB makes two of what stands in a NULLIF.
            return 1 + 2 * sum(below)
        case ListOf():
            return 1 + 2 * sum(below)
        case Quantifier() | Membership():
            return 1 + sum(below) + below[0]
        case TextTest(operator="endsWith"):
            return 1 + sum(below) + below[1]
    return 1 + sum(below)
