"""Tasks that one day would have made: the triggers of changed task rules over merchants' daily figures.

A trigger is asked once a merchant, at the end of the day, with the figures as of that day; they are made of
daily facts, which stay as they were when the day was closed. Whatever else a trigger reads (a device, a
ticket, a tag) nobody kept day by day: a merchant for whom that matters is counted as not evaluated. Repeats
within a rule's `dedup` are counted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, text

from engine.expressions import Fact
from engine.rulebook import Definition, Rule
from engine.rulebook.timelines import fits
from payments_core.backtest.facts import MERCHANT, TIMES, PaymentFacts, column_type
from payments_core.backtest.model import TASK_KIND, same
from payments_core.backtest.plan import Plan
from payments_core.calendar import day_bounds
from payments_core.settlement.stats import FIGURES, figure_values

_TRIGGER = ("trigger", "when")


def tasks_of(connection: Connection, plan: Plan, *, day_no: int, day: date) -> None:
    """Write how many tasks each changed rule would have made on a day, released and proposed."""
    for side, rule in _changed(plan, day):
        condition = rule.shape.conditions.get(_TRIGGER) if isinstance(rule.shape, Definition) else None
        if condition is None:
            continue
        vocabulary = plan.proposed.vocabulary.facts
        facts = PaymentFacts(facts=vocabulary, at="", sets={}, placed=False)
        at = f"CAST('{day_bounds(day)[1].isoformat()}' AS timestamptz)"
        columns = {name: _column(vocabulary[name], at) for name in condition.reads}
        met = facts.condition_over(condition, columns).replace(":", "\\:")  # no parameter
        meant = [shop.merchant_id for shop in plan.shops if fits(rule.scope, shop.scope)]
        values: Mapping[str, object] = {
            **figure_values(day),
            "day_no": day_no,
            "rule_id": rule.id,
            "side": side,
            "merchants": meant,
        }
        connection.execute(text(_COUNT.format(figures=FIGURES, met=met)), values)


def _changed(plan: Plan, day: date) -> list[tuple[str, Rule]]:
    """Return the task rules in force at the day's end, of both sides, that the other side has not."""
    instant = day_bounds(day)[0]
    old, new = (
        [
            span.rule
            for span in book.spans(kind=TASK_KIND)
            if span.start <= instant and (span.end is None or instant < span.end)
        ]
        for book in (plan.question.released, plan.proposed)
    )
    return [
        *(("released", rule) for rule in old if not any(same(rule, other) for other in new)),
        *(("draft", rule) for rule in new if not any(same(rule, other) for other in old)),
    ]


def _column(fact: Fact, at: str) -> str:
    namespace, _, name = fact.name.partition(".")
    kind = column_type(fact)
    if fact.name == "merchant.id":
        return "m.merchant_id"
    if fact.name in MERCHANT:
        return MERCHANT[fact.name]
    if namespace == "now" and fact.name in TIMES:
        return f"({TIMES[fact.name].format(at=at)})"
    if namespace == "merchant" and kind != "text[]":
        return f"CAST(f.figures ->> '{name}' AS {kind})"
    return f"CAST(NULL AS {kind})"


_COUNT = """
INSERT INTO backtest_task (day_no, rule_id, side, merchants, made, unread)
SELECT :day_no, :rule_id, :side, count(*), count(*) FILTER (WHERE met), count(*) FILTER (WHERE met IS NULL)
FROM (SELECT {met} AS met FROM ({figures}) f JOIN merchant m USING (merchant_id)
  WHERE m.merchant_id = ANY (CAST(:merchants AS text[]))) t
"""
