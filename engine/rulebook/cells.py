"""A cell of a decision grid: a DMN unary test on one fact, read into the tree of a condition.

    -                        anything                 not(WECHAT, ALIPAY)      neither of them
    WECHAT, "ALIPAY"         one of these             ["A".."B")  true  false  by the type of the fact
    >= 1000   [1000..5000)   a bound, an interval: `[` and `]` include their end, `(` and `)` do not

A word needs quotes only where it holds a blank, a comma, a bracket or a quote. Of a list fact a cell asks
whether it holds the value. Times are written in quotes, as in conditions. The text of the condition is made
from the tree, so what people read is what is evaluated.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Literal

from engine.expressions import Fact, FactType, Node
from engine.expressions.tree import (
    TYPE_OF_FACT,
    AllOf,
    AnyOf,
    Comparison,
    Constant,
    ListOf,
    Membership,
    NodeType,
    Not,
    Read,
)

_TOKEN = re.compile(
    r"""\s*(?:(?P<op><=|>=|!=|==|<|>|=)|(?P<dots>\.\.)|(?P<punct>[\[\](),])"""
    r"""|(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>(?:[^\s,()\[\]"'<>=!.]|\.(?!\.))+))"""
)
_Operator = Literal["==", "!=", "<", "<=", ">", ">="]
_OPERATORS: dict[str, _Operator] = {
    "=": "==", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
_LIST_OF = {
    NodeType.INT: NodeType.LIST_INT,
    NodeType.STRING: NodeType.LIST_STRING,
    NodeType.TIMESTAMP: NodeType.LIST_TIMESTAMP,
}
_EXPECTED = {
    FactType.INT: ("整数", "a whole number"),
    FactType.BOOL: ("true 或 false", "true or false"),
    FactType.TIMESTAMP: ("带时区的时间，写在引号里", "a time with its zone, in quotes"),
    FactType.STRING: ("一个值", "a value"),
    FactType.LIST_STRING: ("一个值", "a value"),
}
_INT64 = 2**63


class CellUnclear(Exception):
    """A cell that says nothing clear; `offset` is where, `zh` and `en` say why."""

    def __init__(self, offset: int, zh: str, en: str) -> None:
        """Say what is wrong at `offset` of the cell."""
        super().__init__(en)
        self.offset, self.zh, self.en = offset, zh, en


def read_cell(text: str, fact: Fact) -> Node | None:
    """Return the condition of one cell, None where it holds for anything. Raises CellUnclear."""
    if text.strip() == "-":
        return None
    reader = _Reader(text, fact)
    tree = reader.negated() if reader.peek() == "not" else reader.alternatives()
    reader.expect_end()
    return tree


class _Reader:
    """Reads the tokens of one cell from left to right."""

    def __init__(self, text: str, fact: Fact) -> None:
        self._text, self._fact = text, fact
        self._tokens = _tokens(text)
        self._at = 0
        self._read = Read(fact=fact, type=TYPE_OF_FACT[fact.type], offset=0)
        self._ordered = fact.type in (FactType.INT, FactType.TIMESTAMP)

    def peek(self) -> str:
        """Return the next token, "" at the end."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def negated(self) -> Node:
        """Read `not( … )`."""
        self._next()
        self._expect("(")
        inner = self.alternatives()
        self._expect(")")
        return Not(operand=inner, offset=0)

    def alternatives(self) -> Node:
        """Read what stands between commas: any of it."""
        values: list[Constant] = []
        others: list[Node] = []
        while True:
            one = self._alternative()
            values.append(one) if isinstance(one, Constant) else others.append(one)
            if self.peek() != ",":
                break
            self._next()
        parts = [*self._equal(values), *others]
        return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts), offset=0)

    def expect_end(self) -> None:
        """Refuse what follows a whole test."""
        if self._at < len(self._tokens):
            raise self._unclear(
                "这里应当结束，或用逗号隔开", "the cell should end here, or a comma is missing"
            )

    def _equal(self, values: list[Constant]) -> list[Node]:
        read = self._read
        if self._fact.type == FactType.LIST_STRING:
            return [Membership(item=value, collection=read, offset=0) for value in values]
        if len(values) > 1 and read.type in _LIST_OF:
            listed = ListOf(items=tuple(values), type=_LIST_OF[read.type], offset=0)
            return [Membership(item=read, collection=listed, offset=0)]
        return [Comparison(operator="==", left=read, right=value, offset=0) for value in values]

    def _alternative(self) -> Node:
        token = self.peek()
        if token in _OPERATORS:
            self._need_order(token)
            self._next()
            return self._compared(_OPERATORS[token], self._value())
        if token in ("[", "("):
            return self._interval()
        return self._value()

    def _compared(self, operator: _Operator, value: Constant) -> Node:
        if self._fact.type != FactType.LIST_STRING:
            return Comparison(operator=operator, left=self._read, right=value, offset=0)
        held = Membership(item=value, collection=self._read, offset=0)
        return Not(operand=held, offset=0) if operator == "!=" else held

    def _interval(self) -> Node:
        self._need_order(self.peek())
        above: Literal[">=", ">"] = ">=" if self._next() == "[" else ">"
        low = self._value()
        self._expect("..")
        high = self._value()
        if self.peek() not in ("]", ")"):
            raise self._unclear("区间要用 ] 或 ) 结束", "an interval ends with ] or )")
        below: Literal["<=", "<"] = "<=" if self._next() == "]" else "<"
        if not _rises(low, high):
            raise self._unclear("区间的上界没有大于下界", "the interval's end is not above its start", back=1)
        bounds = (
            Comparison(operator=above, left=self._read, right=low, offset=0),
            Comparison(operator=below, left=self._read, right=high, offset=0),
        )
        return AllOf(parts=bounds, offset=0)

    def _need_order(self, token: str) -> None:
        if not self._ordered and token not in ("=", "==", "!="):
            zh = f"{self._fact.name} 不是数字也不是时间，不能比大小"
            raise self._unclear(zh, f"{self._fact.name} is neither a number nor a time and has no order")

    def _value(self) -> Constant:
        offset, token = self._tokens[self._at] if self._at < len(self._tokens) else (len(self._text), "")
        try:
            value = _value(token, self._fact)
        except ValueError as error:
            zh, en = _EXPECTED[self._fact.type]
            raise CellUnclear(offset, f"这里应当是{zh}", f"expected {en} here") from error
        self._at += 1
        kind = NodeType.STRING if self._fact.type == FactType.LIST_STRING else self._read.type
        return Constant(value=value, type=kind, offset=0)

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, token: str) -> None:
        if self.peek() != token:
            raise self._unclear(f"这里应当是 {token}", f"expected {token} here")
        self._at += 1

    def _unclear(self, zh: str, en: str, *, back: int = 0) -> CellUnclear:
        at = self._at - back
        return CellUnclear(self._tokens[at][0] if at < len(self._tokens) else len(self._text), zh, en)


def _tokens(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    offset, end = 0, len(text.rstrip())
    while offset < end:
        match = _TOKEN.match(text, offset)
        if match is None:
            raise CellUnclear(offset, "这里读不懂", "this cannot be read")
        found.append((match.start(match.lastgroup or 0), match.group(match.lastgroup or 0)))
        offset = match.end()
    if not found:
        raise CellUnclear(0, "单元格是空的；任意值写 -", "the cell is empty; write - for anything")
    return found


def _value(token: str, fact: Fact) -> int | bool | str | datetime:
    if fact.type == FactType.INT:
        number = int(token) if re.fullmatch(r"-?[0-9]{1,19}", token) else None
        if number is None or not -_INT64 <= number < _INT64:
            raise ValueError(token)
        return number
    if fact.type == FactType.BOOL:
        if token not in ("true", "false"):
            raise ValueError(token)
        return token == "true"
    text = _unquoted(token)
    if fact.type != FactType.TIMESTAMP:
        return text
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or text == token:
        raise ValueError(token)
    try:
        instant.astimezone(UTC)
    except OverflowError:
        raise ValueError(token) from None
    return instant


def _unquoted(token: str) -> str:
    if not token or token in ("..", ",", "[", "]", "(", ")") or token in _OPERATORS:
        raise ValueError(token)
    if token[0] not in "\"'":
        return token
    inner = token[1:-1]
    return (
        str(json.loads(f'"{inner}"')) if token[0] == '"' else inner.replace("\\'", "'").replace("\\\\", "\\")
    )


def _rises(low: Constant, high: Constant) -> bool:
    return low.value < high.value  # type: ignore[operator]  # both are of one fact's type
