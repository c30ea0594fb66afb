"""A condition in words, Chinese or English, for people who do not read CEL.

Amounts appear as ¥1,234.56, millionths as percent, seconds in the largest whole unit. Nothing is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.diagnostics import Language
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
from engine.expressions.vocabulary import Fact, Value

_MINUS = "\u2212"
_SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ARITHMETIC = {"+": "+", "-": _MINUS, "*": "×", "/": "÷", "%": "%"}
_DURATIONS = ((86_400, " 天", " d"), (3_600, " 小时", " h"), (60, " 分钟", " min"), (1, " 秒", " s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lexicon:
    """The words of one language; `{}` takes the parts in order."""

    both: str
    either: str
    negated: str
    nested: str
    is_: str
    is_not: str
    among: str
    not_among: str
    holds: str
    holds_not: str
    state: str
    yes: str
    no: str
    always: str
    never: str
    listed: str
    choice: str
    length: str
    count: str
    exists: str
    all: str
    element: str
    quoted: str
    tests: dict[str, str]


_ZH = _Lexicon(
    both=" 且 ",
    either=" 或 ",
    negated="不满足（{}）",
    nested="（{}）",
    is_="{} 是 {}",
    is_not="{} 不是 {}",
    among="{} 属于 {}",
    not_among="{} 不属于 {}",
    holds="{} 含 {}",
    holds_not="{} 不含 {}",
    state="{}：{}",
    yes="是",
    no="不是",
    always="总是",
    never="从不",
    listed="、",
    choice="若 {} 则 {}，否则 {}",
    length="{} 的字数",
    count="{} 的个数",
    exists="{} 中有一项满足（{}）",
    all="{} 的每一项都满足（{}）",
    element="该项",
    quoted="「{}」",
    tests={"startsWith": "{} 以 {} 开头", "endsWith": "{} 以 {} 结尾", "contains": "{} 含有 {}"},
)
_EN = _Lexicon(
    both=" and ",
    either=" or ",
    negated="not ({})",
    nested="({})",
    is_="{} is {}",
    is_not="{} is not {}",
    among="{} is one of ({})",
    not_among="{} is none of ({})",
    holds="{} include {}",
    holds_not="{} do not include {}",
    state="{}: {}",
    yes="yes",
    no="no",
    always="always",
    never="never",
    listed=", ",
    choice="if {} then {}, else {}",
    length="length of {}",
    count="number of {}",
    exists="some of {} meets ({})",
    all="each of {} meets ({})",
    element="it",
    quoted="“{}”",
    tests={"startsWith": "{} begins with {}", "endsWith": "{} ends with {}", "contains": "{} contains {}"},
)


def words(*, tree: Node, language: Language) -> str:
    """Return the tree in words."""
    return _Speaker(_ZH if language == "zh" else _EN, language).claim(tree)


def format_value(*, value: Value, unit: str = "", language: Language) -> str:
    """Return a value as people read it: by its unit, a bool as 是/不是 (yes/no), a list with its commas."""
    lexicon = _ZH if language == "zh" else _EN
    match value:
        case bool():
            return lexicon.yes if value else lexicon.no
        case int():
            return _number(value, unit, language)
        case datetime():
            return value.isoformat(sep=" ")
        case str():
            return value or lexicon.quoted.format("")
    return lexicon.listed.join(value) or "[]"


def _number(value: int, unit: str, language: Language) -> str:
    sign, size = (_MINUS if value < 0 else ""), abs(value)
    match unit:
        case "fen":
            return f"{sign}¥{size // 100:,}.{size % 100:02}"
        case "ppm":
            fraction = f"{size % 10_000:04}".rstrip("0")
            return f"{sign}{size // 10_000:,}{'.' if fraction else ''}{fraction} %"
        case "s":
            step, zh, en = next(one for one in _DURATIONS if size % one[0] == 0 and (size or one[0] == 1))
            return f"{sign}{size // step:,}{zh if language == 'zh' else en}"
        case "m":
            return f"{sign}{size:,}{' 米' if language == 'zh' else ' m'}"
    return f"{sign}{size:,}"


def _unit(node: Node) -> str:
    """The unit of what a node yields: sums keep it, a product with a plain number too."""
    match node:
        case Read():
            return node.fact.unit
        case Negation():
            return _unit(node.operand)
        case Choice():
            return _unit(node.when_true) or _unit(node.when_false)
        case Arithmetic(operator="+" | "-" | "%"):
            return _unit(node.left) or _unit(node.right)
        case Arithmetic(operator="*") if not (_unit(node.left) and _unit(node.right)):
            return _unit(node.left) or _unit(node.right)
        case Arithmetic(operator="/") if not _unit(node.right):
            return _unit(node.left)
        case ListOf():
            return next((unit for unit in map(_unit, node.items) if unit), "")
    return ""


class _Speaker:
    def __init__(self, lexicon: _Lexicon, language: Language) -> None:
        self._words = lexicon
        self._language: Language = language

    def claim(self, node: Node, *, holds: bool = True) -> str:
        """Say that a bool node holds, or that it does not."""
        match node:
            case Constant():
                return self._words.always if node.value is holds else self._words.never
            case Read() | Variable():
                return self._words.state.format(
                    self._value(node), self._words.yes if holds else self._words.no
                )
            case Comparison():
                return self._comparison(node, holds)
            case Membership():
                return self._membership(node, holds)
            case Not():
                return self.claim(node.operand, holds=not holds)
        said = self._compound(node)
        return said if holds else self._words.negated.format(said)

    def _compound(self, node: Node) -> str:
        match node:
            case AllOf():
                return self._words.both.join(self._part(part) for part in node.parts)
            case AnyOf():
                return self._words.either.join(self._part(part) for part in node.parts)
            case Quantifier():
                said = self._words.exists if node.mode == "exists" else self._words.all
                return said.format(self._value(node.collection), self.claim(node.predicate))
            case TextTest():
                said = self._words.tests[node.operator]
                return said.format(self._value(node.text), self._value(node.part))
            case Choice():
                parts = (node.condition, node.when_true, node.when_false)
                return self._words.choice.format(*(self._part(part) for part in parts))
        raise ValueError(f"{type(node).__name__} is not a claim")

    def _part(self, node: Node) -> str:
        said = self.claim(node)
        return self._words.nested.format(said) if isinstance(node, AllOf | AnyOf | Choice) else said

    def _comparison(self, node: Comparison, holds: bool) -> str:
        operator = node.operator if holds else _OPPOSITE[node.operator]
        unit, fact = _unit(node.left) or _unit(node.right), _fact(node.left) or _fact(node.right)
        left, right = self._value(node.left, unit, fact), self._value(node.right, unit, fact)
        if operator in ("==", "!=") and node.left.type in (NodeType.STRING, NodeType.BOOL):
            return (self._words.is_ if operator == "==" else self._words.is_not).format(left, right)
        return f"{left} {_SIGNS[operator]} {right}"

    def _membership(self, node: Membership, holds: bool) -> str:
        unit, fact = _unit(node.item) or _unit(node.collection), _fact(node.item) or _fact(node.collection)
        item, collection = self._value(node.item, unit, fact), self._value(node.collection, unit, fact)
        if isinstance(node.collection, ListOf):
            return (self._words.among if holds else self._words.not_among).format(item, collection)
        return (self._words.holds if holds else self._words.holds_not).format(collection, item)

    def _value(self, node: Node, unit: str = "", fact: Fact | None = None) -> str:
        """Say what a node yields; `unit` and `fact` are of what it is compared with."""
        match node:
            case Constant():
                if isinstance(node.value, str) and not (fact and fact.values):
                    return self._words.quoted.format(node.value)
                return format_value(value=node.value, unit=unit, language=self._language)
            case Read():
                return node.fact.title if self._language == "zh" else node.fact.title_en
            case Variable():
                return self._words.element
            case ListOf():
                return self._words.listed.join(self._value(item, unit, fact) for item in node.items) or "[]"
            case Size():
                said = self._words.length if node.operand.type is NodeType.STRING else self._words.count
                return said.format(self._value(node.operand))
            case Arithmetic() | Negation():
                return self._figure(node, unit)
            case Choice() if node.type is not NodeType.BOOL:
                chosen = self._value(node.when_true, unit, fact), self._value(node.when_false, unit, fact)
                return self._words.nested.format(
                    self._words.choice.format(self._part(node.condition), *chosen)
                )
        return self._words.nested.format(self.claim(node))

    def _figure(self, node: Arithmetic | Negation, unit: str) -> str:
        if isinstance(node, Negation):
            return f"{_MINUS}{self._operand(node.operand, unit)}"
        # A factor is a plain number: in `amount * 2`, 2 is not ¥0.02.
        inner = (_unit(node) or unit) if node.operator in ("+", "-", "%") else ""
        left, right = self._operand(node.left, inner), self._operand(node.right, inner)
        return f"{left} {_ARITHMETIC[node.operator]} {right}"

    def _operand(self, node: Node, unit: str) -> str:
        said = self._value(node, unit)
        return self._words.nested.format(said) if isinstance(node, Arithmetic | Negation) else said


def _fact(node: Node) -> Fact | None:
    return node.fact if isinstance(node, Read) else None
