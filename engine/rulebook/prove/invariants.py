"""Of what an author says must always be so: that it is, for every answer of the rule.

A rule's outputs take the place of `output.…` in the invariant, once for each row that may answer, so that the
solver is asked about facts only. Of a `first` table the row that decides is asked about, of the others every
row that matches; a row without an output that the invariant reads is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.expressions import Condition, EvaluationError, Fact, Node, Value
from engine.expressions.settling import replaced
from engine.expressions.smt import Formula
from engine.expressions.smt_logic import both, either, negated
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Choice,
    Comparison,
    Constant,
    NodeType,
    Read,
    walk,
)
from engine.rulebook.definitions import Definition
from engine.rulebook.invariants import (
    OUTPUT,
    Invariant,
    invariants_of,
    output_name,
    outputs_of_row,
    outputs_of_spec,
)
from engine.rulebook.kinds import HitPolicy
from engine.rulebook.prove.model import Proof
from engine.rulebook.prove.questions import Case, Questions, Words
from engine.rulebook.prove.wording import case_in_words
from engine.rulebook.scores import Scored
from engine.rulebook.tables import Row, Table, is_otherwise

Nodes = Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One answer a rule may give: its outputs as trees, and the row that gives it."""

    outputs: Nodes
    row: Row | None = None


def prove_invariants(questions: Questions) -> tuple[Proof, ...]:
    """Return one proof for every invariant that the rule's file states."""
    stated = invariants_of(questions.rule.document, questions.kind)
    answers = tuple(_answers(questions)) if stated else ()
    return tuple(_proof(questions, one, answers) for one in stated)


def _proof(questions: Questions, invariant: Invariant, answers: Sequence[_Answer]) -> Proof:
    needed = {name for name in _reads(invariant) if name.startswith(f"{OUTPUT}.")}
    asked = [one for one in answers if needed <= one.outputs.keys()]
    trees = {
        number: tuple(
            replaced(condition.tree, one.outputs)
            for condition in (invariant.when, invariant.that)
            if condition is not None
        )
        for number, one in enumerate(asked)
    }
    own = questions.with_trees([tree for pair in trees.values() for tree in pair])

    def when() -> Formula:
        reading, found = own.reading, []
        for number, one in enumerate(asked):
            *given, that = trees[number]
            broken = both(negated(reading.holds(that)), *(reading.holds(tree) for tree in given))
            if broken is not False:
                found.append(both(broken, _answers_so(own, one)))
        return either(*found)

    def wrong(case: Case) -> Mapping[str, Value] | None:
        return _wrong(own, invariant, needed, case)

    def words(case: Case | None) -> Words:
        found = wrong(case) if case is not None else None
        facts = {fact.name: fact for fact in _facts(invariant)}
        answer = {name: value for name, value in (found or {}).items() if name in needed}
        zh, en = case_in_words(witness=answer, facts=facts) if answer else ("", "")
        return {"name": invariant.name, "answer": zh, "answer_en": en}

    return own.never_happens(
        "INVARIANT_HOLDS",
        at=invariant.that.location,
        when=when,
        confirms=lambda case: wrong(case) is not None,
        about=(invariant.that, *((invariant.when,) if invariant.when else ()), *own.conditions.values()),
        words=words,
    )


def _answers(questions: Questions) -> Iterator[_Answer]:
    shape, spec = questions.rule.shape, questions.rule.spec
    if isinstance(shape, Table):
        for row in shape.rows:
            outputs = outputs_of_row(spec["rows"][row.row_no], row.row_no)
            yield _Answer(outputs=_constants(outputs), row=row)
    elif isinstance(shape, Scored):
        yield _Answer(outputs=_scored(shape, questions.kind.order))
    elif isinstance(shape, Definition):
        conditions = {output_name(at): one.tree for at, one in shape.conditions.items()}
        yield _Answer(outputs={**_constants(outputs_of_spec(spec)), **conditions})


def _constants(outputs: Mapping[str, Value]) -> Nodes:
    types = {bool: NodeType.BOOL, int: NodeType.INT, str: NodeType.STRING}
    return {
        name: Constant(value=value, type=types[type(value)], offset=0)
        for name, value in outputs.items()
        if type(value) in types and not isinstance(value, tuple)
    }


def _scored(scored: Scored, order: tuple[str, ...]) -> Nodes:
    """Return score and decision as trees: the sum over the rules that fire, and the gravest that is said."""
    fired = [rule.condition.tree for rule in scored.rules]
    score: Node = _number(0)
    for rule in scored.rules:
        points = Choice(
            condition=rule.condition.tree,
            when_true=_number(rule.score),
            when_false=_number(0),
            type=NodeType.INT,
            offset=0,
        )
        score = Arithmetic(operator="+", left=score, right=points, offset=0)
    decision: Node = _text(order[-1])
    for name in reversed(order[:-1]):
        alone = [rule.condition.tree for rule in scored.rules if rule.decision == name]
        summed = [
            AllOf(parts=(_any_of(fired), _at_least(score, band.min)), offset=0)
            for band in scored.bands
            if band.decision == name
        ]
        decision = Choice(
            condition=_any_of([*alone, *summed]),
            when_true=_text(name),
            when_false=decision,
            type=NodeType.STRING,
            offset=0,
        )
    return {f"{OUTPUT}.score": score, f"{OUTPUT}.decision": decision}


def _any_of(parts: Sequence[Node]) -> Node:
    if not parts:
        return Constant(value=False, type=NodeType.BOOL, offset=0)
    return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts), offset=0)


def _at_least(score: Node, least: int) -> Node:
    return Comparison(operator=">=", left=score, right=_number(least), offset=0)


def _number(value: int) -> Node:
    return Constant(value=value, type=NodeType.INT, offset=0)


def _text(value: str) -> Node:
    return Constant(value=value, type=NodeType.STRING, offset=0)


def _answers_so(questions: Questions, answer: _Answer) -> Formula:
    """Return when the rule gives this answer."""
    reading, table = questions.reading, questions.rule.shape
    if not isinstance(table, Table) or answer.row is None:
        conditions = questions.conditions.values()
        return both(*(negated(reading.fails(condition.tree)) for condition in conditions))
    holds = reading.holds(answer.row.condition.tree)
    others = [row for row in table.rows if row is not answer.row]
    if table.hit_policy == HitPolicy.FIRST:
        earlier = table.rows[: answer.row.row_no]
        return both(holds, *(reading.misses(row.condition.tree) for row in earlier))
    if is_otherwise(answer.row) and table.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return both(*(reading.misses(row.condition.tree) for row in others))
    return both(holds, *(negated(reading.fails(row.condition.tree)) for row in others))


def _wrong(
    questions: Questions, invariant: Invariant, needed: set[str], case: Case
) -> Mapping[str, Value] | None:
    """Return the outputs of an answer in this case of which the invariant does not hold."""
    for outputs in _given(questions, case):
        if needed <= outputs.keys():
            whole = {**case, **outputs}
            is_asked = invariant.when is None or invariant.when.evaluate(whole)
            if is_asked and not _holds(invariant.that, whole):
                return outputs
    return None


def _holds(condition: Condition, case: Case) -> bool:
    """An invariant that cannot be evaluated does not hold."""
    try:
        return condition.evaluate(case)
    except EvaluationError:
        return False


def _given(questions: Questions, case: Case) -> Iterator[Mapping[str, Value]]:
    shape, spec = questions.rule.shape, questions.rule.spec
    if isinstance(shape, Table):
        is_first = shape.hit_policy == HitPolicy.FIRST
        for row in (shape.decide(case),) if is_first else shape.matching(case):
            yield outputs_of_row(spec["rows"][row.row_no], row.row_no)
    elif isinstance(shape, Scored):
        verdict = shape.decide(case)
        yield {f"{OUTPUT}.score": verdict.score, f"{OUTPUT}.decision": verdict.decision}
    elif isinstance(shape, Definition):
        holding = {output_name(at): one.evaluate(case) for at, one in shape.conditions.items()}
        yield {**outputs_of_spec(spec), **holding}


def _reads(invariant: Invariant) -> frozenset[str]:
    return invariant.that.reads | (invariant.when.reads if invariant.when else frozenset())


def _facts(invariant: Invariant) -> Iterator[Fact]:
    for condition in (invariant.when, invariant.that):
        for node in walk(condition.tree) if condition else ():
            if isinstance(node, Read):
                yield node.fact
