"""The SQL reading as text for others to run: PostgreSQL, DuckDB, Spark. Literals are in it, no parameters.

sqlglot carries the text from PostgreSQL's dialect to the others. It knows their names and quotes, but not
that a NULL here is an error; the places where a database would lose one, raise one or not know the function
are rewritten below, and the tests run what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from sqlglot import exp, parse_one

from engine.expressions.sql import SqlReading, compiled_pieces

Dialect = Literal["postgres", "duckdb", "spark"]
_BINDING = (exp.Binary, exp.Unary, exp.Predicate, exp.Collate)
"""What would take an operator below it apart."""
_Rewrite = Callable[[exp.Expr], exp.Expr]


def sql_text(reading: SqlReading, *, dialect: Dialect) -> str:
    """Return the reading's `value` as text: true, false, or NULL where the condition cannot be evaluated."""
    # Piece by piece: sqlglot's parser recurses, and a sum of eight facts would be too deep for it.
    done: dict[str, exp.Expr] = {}
    for piece in compiled_pieces(reading):
        tree: exp.Expr = parse_one(piece.text, read="postgres")
        for rewrite in _REWRITES[dialect]:
            tree = _rewritten(tree, rewrite)
        done[piece.name] = tree.transform(_filling(piece.literals, done))
    return done[piece.name].sql(dialect=dialect)


def _filling(literals: Mapping[str, object], done: Mapping[str, exp.Expr]) -> _Rewrite:
    """Return what puts literals and earlier pieces in the places of parameters."""

    def fill(node: exp.Expr) -> exp.Expr:
        # A parameter comes in a cast that says its type; of what takes its place the type is plain.
        bare = node.this if isinstance(node, exp.Cast) else node
        if not isinstance(bare, exp.Placeholder):
            return node
        if bare.name not in done:
            return exp.convert(literals[bare.name])
        filled = done[bare.name].copy()
        loose = isinstance(filled, exp.Binary | exp.Predicate | exp.Not) and isinstance(node.parent, _BINDING)
        return exp.Paren(this=filled) if loose else filled

    return fill


def _rewritten(tree: exp.Expr, rewrite: _Rewrite) -> exp.Expr:
    """Return the tree with every node rewritten, the innermost first."""
    # `transform` would not look below a node that it has replaced.
    whole = exp.Paren(this=tree)
    for node in reversed(list(tree.walk(bfs=False))):
        new = rewrite(node)
        if new is not node:
            node.replace(new)
    rewritten: exp.Expr = whole.this
    return rewritten


def _without_collation(node: exp.Expr) -> exp.Expr:
    """Both compare texts by their bytes."""
    return node.this if isinstance(node, exp.Collate) else node


def _contained(node: exp.Expr) -> exp.Expr:
    """DuckDB's ANY of a NULL list is false, and Spark has none; their list functions yield NULL."""
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any):
        return exp.ArrayContains(this=node.expression.this.unnest(), expression=node.this)
    return node


def _sized(node: exp.Expr) -> exp.Expr:
    """CARDINALITY is for maps in DuckDB, and −1 of a NULL in Spark."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "cardinality":
        return exp.ArraySize(this=node.expressions[0])
    return node


def _divided(node: exp.Expr) -> exp.Expr:
    """A plain `/` is no integer division there."""
    return exp.IntDiv(this=node.this, expression=node.expression) if isinstance(node, exp.Div) else node


def _tried(node: exp.Expr) -> exp.Expr:
    """TRY_CAST yields NULL outside 64 bits; DuckDB's NULLIF would compute the sum once more at each level."""
    if not isinstance(node, exp.Cast) or not isinstance(node.this, exp.Nullif):
        return node
    least = node.find(exp.Least)
    return exp.TryCast(this=least.this, to=node.to, safe=True) if least else node


def _wide(integer: str) -> _Rewrite:
    """A NUMERIC without precision is unbounded in PostgreSQL only; any product of two int64 fits in this."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        return exp.DataType.build(integer) if node == exp.DataType.build("DECIMAL") else node

    return rewrite


def _lambda(node: exp.Expr) -> exp.Expr:
    """Spark has no correlated UNNEST; its EXISTS over a list keeps the NULLs as ours does."""
    source = node.this.args.get("from_") if isinstance(node, exp.Subquery) else None
    if source is None or source.alias_or_name != "answers":
        return node
    answers = source.this.this
    unnest = answers.args["from_"].this
    element, predicate = unnest.args["alias"].this, answers.expressions[0].this
    return exp.func("EXISTS", unnest.expressions[0], exp.Lambda(this=predicate, expressions=[element]))


_SHARED = (_without_collation, _contained, _sized, _divided, _tried)
_REWRITES: dict[Dialect, tuple[_Rewrite, ...]] = {
    "postgres": (),
    "duckdb": (*_SHARED, _wide("INT128")),
    "spark": (*_SHARED, _wide("DECIMAL(38, 0)"), _lambda),
}
