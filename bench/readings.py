"""100 risk rules and a table of 100 rows: the Python reading beside two peers, on the same facts.

The rules are read by the official CEL evaluator (C++), with the facts bound beforehand, so that conditions
alone are compared. The table is read by ZEN (`zen-engine`, Rust) as a JDM decision table, written from the
same checked conditions: compiled once, then asked with a dict of the facts it reads. ZEN is asked in its
fastest way, by key from an engine whose loader has the compiled content; `ZenDecision.evaluate` is shown too.
Every reading must agree on every payment before anything is timed.

A hundred payments are gone through many times over: in the product their facts were made just before, so they
are in the processor's cache.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import zen

from bench._timing import side_by_side
from bench.decide import SEED, made_rulebook, payment, shapes
from bench.figure import Figure, Row
from engine.expressions import Condition, Node, OfficialSet, Value, compile_all
from engine.expressions.tree import Comparison, Constant, ListOf, Membership, Read
from engine.rulebook import Rulebook, Scored, Table

ROWS, PAYMENTS, ROUNDS = 100, 100, 9
LIMIT_US, OFFICIAL_RATIO, ZEN_RATIO = 40, 8, 10
Facts = Mapping[str, Value]


def run(*, quick: bool) -> Figure:
    """Measure the reading of 100 risk rules, in microseconds."""
    chance = random.Random(SEED)  # the same rules and payments every time
    rulebook = made_rulebook(chance, rows=ROWS)
    scored, table = shapes(rulebook)
    given = [payment(chance) for _ in range(PAYMENTS)]
    facts = [rulebook.vocabulary.conform(one) for one in given]
    passes = 2 if quick else 10
    ours_us, official_us, decision_us = risk_set(rulebook, scored, given, facts, passes)
    table_us, zen_us, zen_decision_us = hundred_rows(table, facts, passes)
    met = (
        decision_us <= LIMIT_US and official_us / ours_us >= OFFICIAL_RATIO and zen_us / table_us >= ZEN_RATIO
    )
    return Figure(
        name="readings",
        value=ours_us,
        unit=f"µs for {len(scored.rules)} conditions",
        peer="cel-expr-python (official C++ evaluator), facts bound beforehand",
        peer_value=official_us,
        goal=f"≥ {OFFICIAL_RATIO} ×, a decision ≤ {LIMIT_US} µs, ≥ {ZEN_RATIO} × ZEN",
        met=met,
        rows=(
            Row(label="a decision: facts checked, verdict, hits", shown=f"{decision_us:.1f} µs"),
            Row(label=f"table of {len(table.rows)} rows", shown=f"{table_us:.2f} µs"),
            Row(
                label="same table, zen-engine (compiled content)",
                shown=f"{zen_us:.1f} µs, {zen_us / table_us:.1f} ×",
            ),
            Row(
                label="same table, zen-engine (ZenDecision)",
                shown=f"{zen_decision_us:.0f} µs, {zen_decision_us / table_us:.0f} ×",
            ),
            Row(label="payments, all readings agreeing", shown=f"{len(facts)}"),
        ),
    )


def risk_set(
    rulebook: Rulebook, scored: Scored, given: Sequence[Facts], facts: Sequence[Facts], passes: int
) -> tuple[float, ...]:
    """Return the microseconds of all conditions as Python, by the official evaluator, and of a decision."""
    conform = rulebook.vocabulary.conform
    sources = tuple(condition.source for condition in scored.conditions)
    official = OfficialSet(sources=sources, vocabulary=rulebook.vocabulary)
    reads = frozenset[str]().union(*(condition.reads for condition in scored.conditions))
    bound = [official.bind({name: one[name] for name in reads}) for one in facts]
    evaluate = compile_all(scored.conditions)
    expected = [
        tuple(number for number, fired in enumerate(official.evaluate(one)) if fired) for one in bound
    ]
    if [evaluate(one) for one in facts] != expected:
        raise RuntimeError("the Python reading and the official evaluator disagree")
    return microseconds(
        lambda: [evaluate(one) for one in facts],
        lambda: [official.evaluate(one) for one in bound],
        lambda: [scored.decide(conform(one)) for one in given],
        passes=passes,
    )


def hundred_rows(table: Table, facts: Sequence[Facts], passes: int) -> tuple[float, ...]:
    """Return the microseconds of one table as Python, by ZEN from compiled content, and by a ZenDecision."""
    content = zen.ZenDecisionContent(json.dumps(jdm(table)))
    engine = zen.ZenEngine({"loader": lambda _: content})
    decision = engine.create_decision(content)
    asked = [nested(one, table.conditions) for one in facts]
    expected = [{"row": table.decide(one).row_no} for one in facts]
    if [engine.evaluate("table", one)["result"] for one in asked] != expected:
        raise RuntimeError("the Python reading and ZEN disagree")
    return microseconds(
        lambda: [table.decide(one) for one in facts],
        lambda: [engine.evaluate("table", one) for one in asked],
        lambda: [decision.evaluate(one) for one in asked],
        passes=passes,
    )


def microseconds(*calls: Callable[[], object], passes: int) -> tuple[float, ...]:
    """Return the microseconds a payment of each call, which goes once through all of them."""
    repeated = [partial(repeat, call, passes) for call in calls]
    return tuple(seconds / passes / PAYMENTS * 1e6 for seconds in side_by_side(*repeated, rounds=ROUNDS))


def repeat(call: Callable[[], object], times: int) -> None:
    """Call it so many times."""
    for _ in range(times):
        call()


def nested(facts: Facts, conditions: Sequence[Condition]) -> dict[str, dict[str, Value]]:
    """Return the facts that are read, as ZEN takes them: `txn.channel` is the member of an object."""
    found: dict[str, dict[str, Value]] = {}
    for name in sorted(frozenset[str]().union(*(condition.reads for condition in conditions))):
        namespace, _, member = name.rpartition(".")
        found.setdefault(namespace, {})[member] = facts[name]
    return found


def jdm(table: Table) -> dict[str, Any]:
    """Return the table as a JDM document: input, decision table with the hit policy first, output."""
    cells = [dict(map(cell, clauses(row.condition))) for row in table.rows]
    names = sorted({name for row in cells for name in row})
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in names],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": [
            {"_id": str(number), **{name: row.get(name, "") for name in names}, "row": str(number)}
            for number, row in enumerate(cells)
        ],
    }
    nodes: tuple[tuple[str, str, dict[str, Any]], ...]
    nodes = (("in", "inputNode", {}), ("table", "decisionTableNode", content), ("out", "outputNode", {}))
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": id_, "name": id_, "type": type_, "content": has, "position": {"x": 0, "y": 0}}
            for id_, type_, has in nodes
        ],
        "edges": [
            {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}
            for source, target in (("in", "table"), ("table", "out"))
        ],
    }


def clauses(condition: Condition) -> tuple[Node, ...]:
    """Return the parts of a row's condition, none for the row of everything else."""
    return tuple(clause.tree for clause in condition.clauses() if not isinstance(clause.tree, Constant))


def cell(tree: Node) -> tuple[str, str]:
    """Return the column of a clause and its unary test, which in ZEN reads alternatives apart by commas."""
    match tree:
        case Comparison(operator=operator, left=Read(fact=fact), right=Constant(value=value)):
            literal = json.dumps(value)
            return fact.name, literal if operator == "==" else f"{operator} {literal}"
        case Membership(item=Read(fact=fact), collection=ListOf(items=items)):
            values = [item.value for item in items if isinstance(item, Constant)]
            return fact.name, ", ".join(json.dumps(value) for value in values)
    raise TypeError(f"this bench writes no such test for ZEN: {tree}")
