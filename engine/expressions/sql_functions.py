"""What single operations of CEL are in SQL: literals, sums within 64 bits, divisions, tests of texts, loops.

Each takes the SQL of its operands, which is NULL where they are errors, and yields SQL that is NULL where the
operation is one. The tree above them is walked by `sql.py`.
"""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    VARCHAR,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Numeric,
    String,
    Text,
    case,
    false,
    func,
    literal,
    not_,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TEXT, TypeEngine

from engine.expressions.sql_limits import SqlRefused
from engine.expressions.tree import Constant, NodeType
from engine.expressions.vocabulary import INT_MAX, INT_MIN

Column = ColumnElement[Any]

WHOLE = BigInteger()
TYPES: dict[NodeType, TypeEngine[Any]] = {
    NodeType.INT: WHOLE,
    NodeType.BOOL: Boolean(),
    NodeType.STRING: Text(),
    NodeType.TIMESTAMP: DateTime(timezone=True),
}
# Not their subclasses: CHAR pads, CITEXT ignores case, an enum has an order of its own.
_TEXTS = (String, Text, VARCHAR, TEXT)
_WIDE = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class AnyElement(FunctionElement[bool]):
    """True if the predicate is true of any element; else NULL if it is NULL of any; else false.

    Its operands: the list, the column that stands for the element, the predicate. Rendered by hand and not as
    a select, which would add the tables of the predicate's columns to its own FROM.
    """

    name = "any_element"
    type = Boolean()
    inherit_cache = True


@compiles(AnyElement)
def _render_any_element(element: AnyElement, compiler: SQLCompiler, **options: Any) -> str:
    collection, each, predicate = (compiler.process(part, **options) for part in element.clauses)
    return (
        "(SELECT CASE WHEN bool_or(answer) THEN true WHEN count(*) = count(answer) THEN false END"
        f" FROM (SELECT {predicate} AS answer FROM unnest({collection}) AS {each}({each})) AS answers)"
    )


class _Int64(FunctionElement[int]):
    """A numeric as a bigint, NULL from the first number above and below on.

    LEAST and GREATEST pass over a NULL and yield that number, which is NULLed again. A CASE would write the
    sum twice, and a sum of sums four times; functions of their own would come too deep for Python's stack.
    """

    name = "int64"
    type = WHOLE
    inherit_cache = True


@compiles(_Int64)
def _render_int64(element: _Int64, compiler: SQLCompiler, **options: Any) -> str:
    exact, above, below = (compiler.process(part, **options) for part in element.clauses)
    not_above = f"nullif(least({exact}, {above}), {above})"
    return f"CAST(nullif(greatest({not_above}, {below}), {below}) AS BIGINT)"


def constant(node: Constant) -> Column:
    """Return a literal. Raises SqlRefused SQL_TEXT, SQL_TIMESTAMP."""
    value = node.value
    if isinstance(value, bool):
        return true() if value else false()
    if isinstance(value, datetime):
        try:
            instant = value.astimezone(UTC).isoformat()
        except OverflowError:
            # CEL knows the years 1 to 9999 of UTC.
            raise SqlRefused("SQL_TIMESTAMP", detail=value.isoformat()) from None
        return sql_cast(literal(instant, Text()), TYPES[NodeType.TIMESTAMP])
    if isinstance(value, str) and "\x00" in value:
        raise SqlRefused("SQL_TEXT", detail="PostgreSQL's texts hold no NUL")
    return literal(value, TYPES[node.type])


def negated(operand: Column) -> Column:
    """Return NOT, in brackets of its own."""
    # SQLAlchemy writes `NOT flag = other` where the negation of a plain column is compared.
    return Grouping(not_(operand))


def widened(sign: str, left: Column, right: Column) -> Column:
    """Return `left sign right` for `+ - *`. Numerics do not overflow; what leaves 64 bits is NULLed."""
    exact = _WIDE[sign](sql_cast(left, Numeric()), sql_cast(right, Numeric()))
    return _Int64(exact, literal(INT_MAX + 1, Numeric()), literal(INT_MIN - 1, Numeric()))


def guarded(dividend: Column, divisor: Column) -> tuple[Column, Column]:
    """Return both, NULL where the division would raise: by zero, and the one quotient beyond 64 bits."""
    # The cast keeps NULLIF among bigints: beside a numeric it would yield one, and numerics do not truncate.
    smallest = sql_cast(literal(INT_MIN, WHOLE), WHOLE)
    overflows = case((divisor == -1, smallest))
    return func.nullif(dividend, overflows, type_=WHOLE), func.nullif(divisor, 0, type_=WHOLE)


def text_test(test: Literal["startsWith", "endsWith", "contains"], text: Column, part: Column) -> Column:
    """Return functions, not LIKE: in a LIKE the wildcards of the part would have to be escaped."""
    if test == "startsWith":
        return func.starts_with(text, part, type_=Boolean())
    if test == "endsWith":
        return func.right(text, func.char_length(part), type_=Text()) == part
    return func.strpos(text, part, type_=Integer()) > 0


def holds(type_: TypeEngine[Any], wanted: NodeType) -> bool:
    """Whether a column of this type holds values of that one, and compares them as CEL does."""
    match wanted:
        case NodeType.INT:
            return isinstance(type_, Integer)
        case NodeType.BOOL:
            return isinstance(type_, Boolean)
        case NodeType.TIMESTAMP:
            return isinstance(type_, DateTime) and type_.timezone
        case NodeType.STRING:
            return isinstance(type_, String) and type(type_) in _TEXTS and not type_.collation
    return isinstance(type_, ARRAY) and type(type_.item_type) in (Text, TEXT)
