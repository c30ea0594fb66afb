"""Facts of past payments as SQL: the point-in-time contract of a backtest (docs/backtest.md).

A fact comes from what was fixed when the payment was made, and from nowhere else:

    row      the payment's own columns, and the instant it was decided or paid
    place    who served the merchant then, from the dated organisation
    merchant what never changes of a merchant
    stored   the values that the risk decision was made on, kept with the payment
    default  a fact that nothing gathers: the product, too, would see its default

Everything else is NULL: what reads it is not evaluated, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, DateTime, Text, literal_column
from sqlalchemy.types import TypeEngine

from engine.expressions import Condition, Fact, FactType, Node, sql_condition, sql_text
from engine.expressions.tree import Arithmetic, Negation, children

FactSets = Mapping[int, tuple[str, ...]]
"""The names of stored facts by the number of their set."""

_TYPES: Mapping[FactType, tuple[TypeEngine[Any], str]] = {
    FactType.INT: (BigInteger(), "bigint"),
    FactType.BOOL: (Boolean(), "boolean"),
    FactType.STRING: (Text(), "text"),
    FactType.TIMESTAMP: (DateTime(timezone=True), "timestamptz"),
    FactType.LIST_STRING: (ARRAY(Text()), "text[]"),
}
_ROW = {
    "txn.channel": "p.channel",
    "txn.mode": "p.mode",
    "txn.amount_fen": "p.amount_fen",
    "txn.settle_amount_fen": "p.settle_amount_fen",
    "txn.buyer_paid_fen": "p.buyer_paid_fen",
    "txn.card_type": "p.card_type",
    "txn.bank_code": "p.bank_code",
    "txn.payer_id": "p.payer_hash",
    "txn.device_distance_m": "p.device_distance_m",
    "device.sn": "p.device_id",
    "txn.discount_fen": "(p.amount_fen - p.buyer_paid_fen)",
    "txn.is_round_amount": "(p.amount_fen % 10000 = 0)",
    "merchant.id": "p.merchant_id",
    "txn.type": "CAST('PAY' AS text)",
    # A payment is accepted only of a merchant that is active.
    "merchant.status": "CAST('ACTIVE' AS text)",
}
_PLACE = {
    "merchant.store_id": "s.store_id",
    "store.id": "s.store_id",
    "merchant.district": "s.district_id",
    "district.id": "s.district_id",
    "merchant.broker_id": "s.broker_id",
    "broker.id": "s.broker_id",
    "broker.store_id": "s.broker_store_id",
}
PLACE_FACTS = frozenset(_PLACE)
MERCHANT = {
    "merchant.type": "m.type",
    "merchant.mcc": "m.mcc",
    "merchant.city": "m.city_id",
    "city.id": "m.city_id",
}
# What a payment is priced at would have to be known before its conditions are read: not evaluated.
_PRICED = frozenset({"txn.fee_fen", "txn.cost_fen", "txn.margin_fen", "txn.fee_ppm"})
_LOCAL = "({at} AT TIME ZONE 'Asia/Shanghai')"
TIMES = {
    "txn.paid_at": "{at}",
    "now.ts": "{at}",
    "txn.date_cst": f"to_char({_LOCAL}, 'YYYY-MM-DD')",
    "now.date_cst": f"to_char({_LOCAL}, 'YYYY-MM-DD')",
    "txn.hour_cst": f"CAST(extract(HOUR FROM {_LOCAL}) AS int)",
    "now.hour_cst": f"CAST(extract(HOUR FROM {_LOCAL}) AS int)",
    "txn.weekday_cst": f"CAST(extract(ISODOW FROM {_LOCAL}) AS int)",
    "now.weekday_cst": f"CAST(extract(ISODOW FROM {_LOCAL}) AS int)",
    "now.day_of_month": f"CAST(extract(DAY FROM {_LOCAL}) AS int)",
    "txn.minute_of_day_cst": f"CAST(extract(HOUR FROM {_LOCAL}) * 60 + extract(MINUTE FROM {_LOCAL}) AS int)",
    "merchant.days_since_active": (
        f"greatest(CAST({_LOCAL} AS date) - CAST((m.activated_at AT TIME ZONE 'Asia/Shanghai') AS date), 0)"
    ),
}


class PaymentFacts:
    """The SQL of facts of payments `p`, decided or paid at `at`, with merchant `m` and place `s`.

    `placed` says whether the rows have a place; without one its facts come from what was stored.
    """

    def __init__(
        self, *, facts: Mapping[str, Fact], at: str, sets: FactSets, placed: bool, values: str = ""
    ) -> None:
        """Read the facts of a vocabulary; `values` is an array of the stored texts, if there is one."""
        self._facts, self._sets, self._values = facts, sets, values
        self._known = _ROW | MERCHANT | (_PLACE if placed else {})
        self._known |= {name: text.format(at=at) for name, text in TIMES.items()}
        self._never_null = frozenset(_ROW) | frozenset(TIMES) | frozenset(MERCHANT)

    def condition(self, condition: Condition) -> str:
        """Return the condition as SQL text: true, false, or NULL where it cannot be evaluated."""
        return f"({sql_text(sql_condition(condition, column_of=self._column), dialect='postgres')})"

    def condition_over(self, condition: Condition, columns: Mapping[str, str]) -> str:
        """Return the condition as SQL text over columns that hold its facts."""

        def column_of(name: str) -> ColumnElement[Any]:
            return literal_column(columns[name], _TYPES[self._facts[name].type][0])

        return f"({sql_text(sql_condition(condition, column_of=column_of), dialect='postgres')})"

    def is_certain(self, condition: Condition) -> bool:
        """Whether the condition reads only what every payment has, so that it is never NULL."""
        return condition.reads <= self._never_null and not computes(condition.tree)

    def text(self, name: str) -> str:
        """Return the SQL of one fact."""
        fact = self._facts[name]
        if name in self._known:
            return f"({self._known[name]})"
        if not fact.supplied and name not in _PRICED:
            return _default(fact)
        return _stored(fact, self._sets, self._values)

    def _column(self, name: str) -> ColumnElement[Any]:
        return literal_column(self.text(name), _TYPES[self._facts[name].type][0])


def _stored(fact: Fact, sets: FactSets, values: str) -> str:
    """Return the SQL of a fact as the decision saw it; NULL where its set does not name it."""
    arms = [
        f"WHEN {number} THEN {_read(fact, names.index(fact.name), values)}"
        for number, names in sorted(sets.items())
        if fact.name in names
    ]
    cast = f"CAST(NULL AS {_TYPES[fact.type][1]})"
    return f"(CASE p.fact_set_no {' '.join(arms)} ELSE {cast} END)" if arms else cast


def _read(fact: Fact, position: int, values: str) -> str:
    listed = fact.type is FactType.LIST_STRING
    if values:
        one = f"{values}[{position + 1}]"
        part = f"CAST({one} AS json)"
    else:
        one, part = f"p.fact_values ->> {position}", f"p.fact_values -> {position}"
    if listed:
        return f"ARRAY(SELECT json_array_elements_text({part}))"
    return f"CAST({one} AS {_TYPES[fact.type][1]})"


def _default(fact: Fact) -> str:
    value, name = fact.default, _TYPES[fact.type][1]
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    if isinstance(value, tuple):
        value = "{" + ",".join(f'"{one}"' for one in value) + "}"
    shown = str(value).lower() if isinstance(value, bool | int) else quoted(str(value))
    return f"CAST({shown} AS {name})"


def column_type(fact: Fact) -> str:
    """Return the SQL type of a fact."""
    return _TYPES[fact.type][1]


def computes(tree: Node) -> bool:
    """Return whether a tree holds arithmetic, which may leave 64 bits or divide by zero."""
    return isinstance(tree, Arithmetic | Negation) or any(map(computes, children(tree)))


def quoted(text: str) -> str:
    """Return a text as an SQL literal; standard_conforming_strings is on, as PostgreSQL has it by default."""
    return "'" + text.replace("'", "''") + "'"


def array_literal(values: Sequence[object]) -> str:
    """Return a PostgreSQL array of texts, numbers and NULLs as an SQL literal."""
    return quoted("{" + ",".join("NULL" if one is None else _element(str(one)) for one in values) + "}")


def _element(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
