"""A condition as SQL: one PostgreSQL expression that is true, false, or NULL where CEL has an error.

NULL is the error. SQL's AND, OR and NOT treat NULL exactly as CEL's treat an error, and comparisons and
functions pass it on; so a fact that is missing (a NULL column) and arithmetic that cannot be done both end in
NULL, and nothing raises in the database. Where SQL would swallow a NULL (lists, loops) it is kept by hand.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

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
    and_,
    any_,
    bindparam,
    case,
    collate,
    column,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TEXT, TypeEngine

from engine.expressions.condition import Condition
from engine.expressions.sql_limits import SqlRefused, divides_always, refuse_too_long
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Choice,
    Comparison,
    Constant,
    ListOf,
    Membership,
    Negation,
    Node,
    NodeType,
    Not,
    Quantifier,
    Read,
    Size,
    TextTest,
    Variable,
)
from engine.expressions.vocabulary import INT_MAX, INT_MIN

Column = ColumnElement[Any]
ColumnOf = Callable[[str], Column]

_TYPES: dict[NodeType, TypeEngine[Any]] = {
    NodeType.INT: BigInteger(),
    NodeType.BOOL: Boolean(),
    NodeType.STRING: Text(),
    NodeType.TIMESTAMP: DateTime(timezone=True),
}
_TYPE_OF_ITEM = {NodeType(f"list({item})"): type_ for item, type_ in _TYPES.items()}
# Not their subclasses: CHAR pads, CITEXT ignores case, an enum has an order of its own.
_TEXTS = (String, Text, VARCHAR, TEXT)
_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WHOLE = BigInteger()
_NAMED = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
_WIDE = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SqlReading:
    """`value` is true, false, or NULL where the condition cannot be evaluated. Fit for a WHERE as it is."""

    value: ColumnElement[bool]
    tree: Node
    column_of: ColumnOf

    @property
    def holds(self) -> ColumnElement[bool]:
        """Whether the condition is true; never NULL."""
        return self.value.is_(true())

    @property
    def fails(self) -> ColumnElement[bool]:
        """Whether the condition cannot be evaluated; never NULL. Whoever asks must fail closed."""
        return self.value.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The SQL of one node: PostgreSQL text with `:name` for earlier pieces and for literals, and those."""

    name: str
    text: str
    literals: Mapping[str, object]


def sql_condition(condition: Condition | Node, *, column_of: ColumnOf) -> SqlReading:
    """Return the condition over columns; `column_of` gives the column of a fact by the fact's name.

    Columns are integers, booleans, TEXT or VARCHAR, TIMESTAMPTZ, and TEXT[] without NULLs inside; NULL is a
    missing fact. Raises SqlRefused.
    """
    tree = condition.tree if isinstance(condition, Condition) else condition
    refuse_too_long(tree)
    return SqlReading(value=_Writer(column_of).write(tree), tree=tree, column_of=column_of)


def compiled_pieces(reading: SqlReading) -> tuple[Piece, ...]:
    """Return the reading's PostgreSQL text a node at a time, operands first, the whole last."""
    writer = _PieceWriter(reading.column_of)
    writer.write(reading.tree)
    return tuple(writer.pieces)


class _Writer:
    """Writes nodes as SQL; of any node, the SQL is NULL where the node is an error, and nowhere else."""

    def __init__(self, column_of: ColumnOf) -> None:
        self._column_of = column_of
        self._elements: dict[str, Column] = {}

    def write(self, node: Node) -> Column:
        match node:
            case Constant():
                return _constant(node)
            case Read():
                return self._read(node)
            case Variable():
                return self._elements[node.name]
            case AllOf():
                return and_(*map(self.write, node.parts))
            case AnyOf():
                return or_(*map(self.write, node.parts))
            case Not():
                return _negated(self.write(node.operand))
            case Choice():
                chosen = (true(), self.write(node.when_true)), (false(), self.write(node.when_false))
                return case(*chosen, value=self.write(node.condition))
            case Quantifier():
                return self._quantifier(node)
            case _:
                return self._operation(node)

    def _operation(
        self, node: ListOf | Comparison | Membership | Arithmetic | Negation | Size | TextTest
    ) -> Column:
        match node:
            case ListOf():
                return self._list(node)
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Negation():
                return _widened("-", literal(0, BigInteger()), self.write(node.operand))
            case Size():
                count = func.char_length if node.operand.type is NodeType.STRING else func.cardinality
                return count(self.write(node.operand), type_=Integer())
            case TextTest():
                return _text_test(node.operator, self.write(node.text), self.write(node.part))

    def _read(self, node: Read) -> Column:
        name = node.fact.name
        try:
            found = self._column_of(name)
        except KeyError:
            raise SqlRefused("SQL_COLUMN_MISSING", fact=name) from None
        if not _holds(found.type, node.type):
            raise SqlRefused("SQL_COLUMN_TYPE", fact=name, detail=f"{found.type!r} for {node.type}")
        return found

    def _comparison(self, node: Comparison) -> Column:
        left, right = self.write(node.left), self.write(node.right)
        if node.left.type is NodeType.STRING and node.operator not in ("==", "!="):
            # By bytes, which in UTF-8 is by code point. Equality is the same in every collation we accept.
            left = collate(left, "C")
        return cast(Column, _COMPARE[node.operator](left, right))

    def _membership(self, node: Membership) -> Column:
        item, collection = self.write(node.item), node.collection
        if isinstance(collection, ListOf) and collection.items and _is_literal(collection):
            return item.in_([self.write(one) for one in collection.items])
        found = item == any_(self.write(collection))
        # Whatever is looked for, ANY of an empty list is false.
        return found if isinstance(node.item, Constant) else case((item.is_not(None), found))

    def _arithmetic(self, node: Arithmetic) -> Column:
        left, right = self.write(node.left), self.write(node.right)
        if node.operator not in "/%":
            return _widened(node.operator, left, right)
        # Bigints divide as CEL's integers do: towards zero, the remainder with the sign of the dividend.
        left, right = sql_cast(left, _WHOLE), sql_cast(right, _WHOLE)
        if not divides_always(node):
            left, right = _guarded(left, right)
        if node.operator == "%":
            return func.mod(left, right, type_=_WHOLE)
        return left.op("/", return_type=_WHOLE)(right)

    def _list(self, node: ListOf) -> Column:
        """A list with an error in it is an error, not a list with a NULL in it."""
        type_ = _TYPE_OF_ITEM[node.type]
        items = [self.write(item) for item in node.items]
        listed = sql_cast(postgresql.array(items, type_=type_), ARRAY(type_))
        doubtful = [
            column_ for item, column_ in zip(node.items, items, strict=True) if not isinstance(item, Constant)
        ]
        return case((and_(*(one.is_not(None) for one in doubtful)), listed)) if doubtful else listed

    def _quantifier(self, node: Quantifier) -> Column:
        collection = self.write(node.collection)
        # Named by depth: whatever the author called it, it hides no column.
        each: Column = column(f"each_{len(self._elements) + 1}", _TYPE_OF_ITEM[node.collection.type])
        self._elements[node.variable] = each
        predicate = self.write(node.predicate)
        del self._elements[node.variable]
        if node.mode == "exists":
            answer: Column = _AnyElement(collection, each, predicate)
        else:
            answer = _negated(_AnyElement(collection, each, _negated(predicate)))
        return case((collection.is_not(None), answer))


class _PieceWriter(_Writer):
    """Writes every node by itself, over parameters that stand for its operands."""

    def __init__(self, column_of: ColumnOf) -> None:
        super().__init__(column_of)
        self.pieces: list[Piece] = []

    def write(self, node: Node) -> Column:
        own = super().write(node)
        compiled = own.compile(dialect=_NAMED, compile_kwargs={"render_postcompile": True})
        name = f"piece_{len(self.pieces)}"
        self.pieces.append(Piece(name=name, text=str(compiled), literals=compiled.params))
        return bindparam(name, type_=own.type)


class _AnyElement(FunctionElement[bool]):
    """True if the predicate is true of any element; else NULL if it is NULL of any; else false.

    Its operands: the list, the column that stands for the element, the predicate. Rendered by hand and not as
    a select, which would add the tables of the predicate's columns to its own FROM.
    """

    name = "any_element"
    type = Boolean()
    inherit_cache = True


@compiles(_AnyElement)
def _render_any_element(element: _AnyElement, compiler: SQLCompiler, **options: Any) -> str:
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
    type = _WHOLE
    inherit_cache = True


@compiles(_Int64)
def _render_int64(element: _Int64, compiler: SQLCompiler, **options: Any) -> str:
    exact, above, below = (compiler.process(part, **options) for part in element.clauses)
    not_above = f"nullif(least({exact}, {above}), {above})"
    return f"CAST(nullif(greatest({not_above}, {below}), {below}) AS BIGINT)"


def _constant(node: Constant) -> Column:
    value = node.value
    if isinstance(value, bool):
        return true() if value else false()
    if isinstance(value, datetime):
        try:
            instant = value.astimezone(UTC).isoformat()
        except OverflowError:
            # CEL knows the years 1 to 9999 of UTC.
            raise SqlRefused("SQL_TIMESTAMP", detail=value.isoformat()) from None
        return sql_cast(literal(instant, Text()), _TYPES[NodeType.TIMESTAMP])
    if isinstance(value, str) and "\x00" in value:
        raise SqlRefused("SQL_TEXT", detail="PostgreSQL's texts hold no NUL")
    return literal(value, _TYPES[node.type])


def _negated(operand: Column) -> Column:
    # SQLAlchemy writes `NOT flag = other` where the negation of a plain column is compared.
    return Grouping(not_(operand))


def _widened(sign: str, left: Column, right: Column) -> Column:
    """Numerics do not overflow; what leaves 64 bits is NULLed."""
    exact = _WIDE[sign](sql_cast(left, Numeric()), sql_cast(right, Numeric()))
    return _Int64(exact, literal(INT_MAX + 1, Numeric()), literal(INT_MIN - 1, Numeric()))


def _guarded(dividend: Column, divisor: Column) -> tuple[Column, Column]:
    """Return both, NULL where the division would raise: by zero, and the one quotient beyond 64 bits."""
    # The cast keeps NULLIF among bigints: beside a numeric it would yield one, and numerics do not truncate.
    smallest = sql_cast(literal(INT_MIN, _WHOLE), _WHOLE)
    overflows = case((divisor == -1, smallest))
    return func.nullif(dividend, overflows, type_=_WHOLE), func.nullif(divisor, 0, type_=_WHOLE)


def _text_test(test: Literal["startsWith", "endsWith", "contains"], text: Column, part: Column) -> Column:
    """Functions, not LIKE: in a LIKE the wildcards of the part would have to be escaped."""
    if test == "startsWith":
        return func.starts_with(text, part, type_=Boolean())
    if test == "endsWith":
        return func.right(text, func.char_length(part), type_=Text()) == part
    return func.strpos(text, part, type_=Integer()) > 0


def _is_literal(node: ListOf) -> bool:
    return all(isinstance(item, Constant) for item in node.items)


def _holds(type_: TypeEngine[Any], wanted: NodeType) -> bool:
    """Whether a column of this type holds values of that one, and compares them as CEL does."""
    match wanted:
        case NodeType.INT:
            return isinstance(type_, Integer)
        case NodeType.BOOL:
            return isinstance(type_, Boolean)
        case NodeType.TIMESTAMP:
            return isinstance(type_, DateTime) and type_.timezone
        case NodeType.STRING:
            return type(type_) in _TEXTS and not cast(String, type_).collation
    return isinstance(type_, ARRAY) and type(type_.item_type) in (Text, TEXT)
