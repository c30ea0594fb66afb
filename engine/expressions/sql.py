"""A condition as SQL: one PostgreSQL expression that is true, false, or NULL where CEL has an error.

NULL is the error. SQL's AND, OR and NOT treat NULL exactly as CEL's treat an error, and comparisons and
functions pass it on; so a fact that is missing (a NULL column) and arithmetic that cannot be done both end in
NULL, and nothing raises in the database. Where SQL would swallow a NULL (lists, loops) it is kept by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    and_,
    any_,
    bindparam,
    case,
    cast,
    collate,
    column,
    false,
    func,
    literal,
    or_,
    true,
)
from sqlalchemy.dialects import postgresql

from engine.expressions.condition import Condition
from engine.expressions.sql_functions import (
    TYPES,
    WHOLE,
    AnyElement,
    Column,
    constant,
    guarded,
    holds,
    negated,
    text_test,
    widened,
)
from engine.expressions.sql_limits import SqlRefused, divides_always, refuse_too_long
from engine.expressions.tree import (
    COMPARE,
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

ColumnOf = Callable[[str], Column]

_TYPE_OF_ITEM = {NodeType(f"list({item})"): type_ for item, type_ in TYPES.items()}
_NAMED = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's


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
                return constant(node)
            case Read():
                return self._read(node)
            case Variable():
                return self._elements[node.name]
            case AllOf():
                return and_(*map(self.write, node.parts))
            case AnyOf():
                return or_(*map(self.write, node.parts))
            case Not():
                return negated(self.write(node.operand))
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
                return widened("-", literal(0, WHOLE), self.write(node.operand))
            case Size():
                count = func.char_length if node.operand.type is NodeType.STRING else func.cardinality
                return count(self.write(node.operand), type_=Integer())
            case TextTest():
                return text_test(node.operator, self.write(node.text), self.write(node.part))

    def _read(self, node: Read) -> Column:
        name = node.fact.name
        try:
            found = self._column_of(name)
        except KeyError:
            raise SqlRefused("SQL_COLUMN_MISSING", fact=name) from None
        if not holds(found.type, node.type):
            raise SqlRefused("SQL_COLUMN_TYPE", fact=name, detail=f"{found.type!r} for {node.type}")
        return found

    def _comparison(self, node: Comparison) -> Column:
        left, right = self.write(node.left), self.write(node.right)
        if node.left.type is NodeType.STRING and node.operator not in ("==", "!="):
            # By bytes, which in UTF-8 is by code point. Equality is the same in every collation we accept.
            left = collate(left, "C")
        compared: Column = COMPARE[node.operator](left, right)
        return compared

    def _membership(self, node: Membership) -> Column:
        item, collection = self.write(node.item), node.collection
        listed = collection.items if isinstance(collection, ListOf) else ()
        if listed and all(isinstance(one, Constant) for one in listed):
            return item.in_([self.write(one) for one in listed])
        found = item == any_(self.write(collection))
        # Whatever is looked for, ANY of an empty list is false.
        return found if isinstance(node.item, Constant) else case((item.is_not(None), found))

    def _arithmetic(self, node: Arithmetic) -> Column:
        left, right = self.write(node.left), self.write(node.right)
        if node.operator not in "/%":
            return widened(node.operator, left, right)
        # Bigints divide as CEL's integers do: towards zero, the remainder with the sign of the dividend.
        left, right = cast(left, WHOLE), cast(right, WHOLE)
        if not divides_always(node):
            left, right = guarded(left, right)
        if node.operator == "%":
            return func.mod(left, right, type_=WHOLE)
        return left.op("/", return_type=WHOLE)(right)

    def _list(self, node: ListOf) -> Column:
        """A list with an error in it is an error, not a list with a NULL in it."""
        type_ = _TYPE_OF_ITEM[node.type]
        items = [self.write(item) for item in node.items]
        listed = cast(postgresql.array(items, type_=type_), ARRAY(type_))
        pairs = zip(node.items, items, strict=True)
        doubtful = [one for item, one in pairs if not isinstance(item, Constant)]
        return case((and_(*(one.is_not(None) for one in doubtful)), listed)) if doubtful else listed

    def _quantifier(self, node: Quantifier) -> Column:
        collection = self.write(node.collection)
        # Named by depth: whatever the author called it, it hides no column.
        each: Column = column(f"each_{len(self._elements) + 1}", _TYPE_OF_ITEM[node.collection.type])
        self._elements[node.variable] = each
        predicate = self.write(node.predicate)
        del self._elements[node.variable]
        if node.mode == "exists":
            answer: Column = AnyElement(collection, each, predicate)
        else:
            answer = negated(AnyElement(collection, each, negated(predicate)))
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
