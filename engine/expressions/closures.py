"""A condition as one Python function, compiled once: `f["txn.amount_fen"] >= 5000`.

Semantics are CEL's. Where no operand can fail, `&&` and `||` become plain `and` and `or`. Where one can, it
is put last, which changes nothing CEL promises; where several can, they go through `all_of` / `any_of`.
Literals enter the text only through `repr`, names only after CEL has parsed them as identifiers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from engine.expressions import arithmetic
from engine.expressions.errors import EvaluationError, wrong_type
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
    can_fail,
)
from engine.expressions.vocabulary import Value

Facts = Mapping[str, Value]
Evaluate = Callable[[Facts], bool]

_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder"}


@lru_cache(maxsize=20_000)
def closure(tree: Node) -> Evaluate:
    """Return the function that evaluates a bool tree over a flat mapping of facts.

    Raises EvaluationError: FACT_MISSING, FACT_TYPE, INT_OVERFLOW, DIVISION_BY_ZERO.
    """
    writer = Writer(hoisted={})
    text = f"""\
def evaluate(f):
    try:
        return {writer.text(tree)}
    except (KeyError, TypeError, AttributeError) as error:
        raise explain(error) from error
"""
    evaluate: Evaluate = compiled_function(text, writer, "evaluate")
    return evaluate


def explain(error: Exception) -> EvaluationError:
    """Return what Python's own error says of the facts."""
    if isinstance(error, KeyError):
        return EvaluationError("FACT_MISSING", fact=str(error.args[0]))
    return EvaluationError("FACT_TYPE", detail=str(error))


def compiled_function(text: str, writer: Writer, name: str) -> Any:
    """Return what a written text calls `name`, with the names the writer needs."""
    names = {
        **vars(arithmetic),
        "EvaluationError": EvaluationError,
        "wrong_type": wrong_type,
        "explain": explain,
        **writer.names,
    }
    # Not user code: every part of the text is written by Writer from checked nodes.
    exec(compile(text, "<condition>", "exec"), names)
    return names[name]


class Writer:
    """Writes nodes as Python expressions; `hoisted` maps facts to locals that hold them already."""

    def __init__(self, *, hoisted: Mapping[str, str]) -> None:
        self._hoisted = hoisted
        self.names: dict[str, object] = {}

    def text(self, node: Node) -> str:
        match node:
            case Constant():
                return self._constant(node)
            case Read():
                return self._read(node)
            case ListOf():
                return "(" + "".join(f"{self.text(item)}," for item in node.items) + ")"
            case Variable():
                return f"x_{node.name}"
            case AllOf():
                return self._logic(node.parts, "and", "all_of")
            case AnyOf():
                return self._logic(node.parts, "or", "any_of")
            case Not():
                return f"(not {self.text(node.operand)})"
            case Choice():
                condition, when_true = self.text(node.condition), self.text(node.when_true)
                return f"({when_true} if {condition} else {self.text(node.when_false)})"
            case Quantifier():
                return self._quantifier(node)
            case _:
                return self._operation(node)

    def _operation(self, node: Comparison | Membership | Arithmetic | Negation | Size | TextTest) -> str:
        match node:
            case Comparison():
                left, right = self._comparable(node.left), self._comparable(node.right)
                return f"({left} {node.operator} {right})"
            case Membership():
                return f"({self.text(node.item)} in {self._collection(node.collection)})"
            case Arithmetic():
                return f"{_ARITHMETIC[node.operator]}({self.text(node.left)}, {self.text(node.right)})"
            case Negation():
                return f"negate({self.text(node.operand)})"
            case Size():
                return f"len({self.text(node.operand)})"
            case TextTest(operator="contains"):
                return f"({self.text(node.part)} in {self.text(node.text)})"
            case TextTest():
                return f"{self.text(node.text)}.{node.operator.lower()}({self.text(node.part)})"

    def _constant(self, node: Constant) -> str:
        if node.type is not NodeType.TIMESTAMP:
            return repr(node.value)
        name = f"t{len(self.names)}"
        self.names[name] = node.value
        return name

    def _read(self, node: Read) -> str:
        name = node.fact.name
        value = self._hoisted.get(name) or f"f[{name!r}]"
        if node.type is not NodeType.BOOL:
            return value
        # A bare `value` would take any truthy thing for true.
        return f"({value} is True or {value} is not False and wrong_type({name!r}, {value}))"

    def _comparable(self, node: Node) -> str:
        """A list fact may arrive as a list, which Python never finds equal to a tuple."""
        text = self.text(node)
        return f"tuple({text})" if isinstance(node, Read) and node.type is NodeType.LIST_STRING else text

    def _collection(self, node: Node) -> str:
        """A list of literals as a set, which Python keeps as one constant."""
        if isinstance(node, ListOf) and all(
            isinstance(item, Constant) and item.type is not NodeType.TIMESTAMP for item in node.items
        ):
            return "{" + ", ".join(self.text(item) for item in node.items) + "}"
        return self.text(node)

    def _logic(self, parts: tuple[Node, ...], operator: str, careful: str) -> str:
        certain = [self.text(part) for part in parts if not can_fail(part)]
        doubtful = [self.text(part) for part in parts if can_fail(part)]
        if len(doubtful) > 1:
            doubtful = [f"{careful}({', '.join(f'lambda: {text}' for text in doubtful)})"]
        return "(" + f" {operator} ".join(certain + doubtful) + ")"

    def _quantifier(self, node: Quantifier) -> str:
        collection, predicate = self.text(node.collection), self.text(node.predicate)
        if not can_fail(node.predicate):
            plain = "any" if node.mode == "exists" else "all"
            return f"{plain}({predicate} for x_{node.variable} in {collection})"
        careful = "any_element" if node.mode == "exists" else "all_elements"
        return f"{careful}(lambda x_{node.variable}: {predicate}, {collection})"
