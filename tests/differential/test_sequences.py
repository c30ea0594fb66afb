"""Sequences on durable-rules against the contract of docs/sequences.md read word for word over all events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagnostics import Location
from engine.expressions import Condition, Vocabulary, compile_condition
from engine.rulebook import read_context
from engine.sequences import Event, Match, Pattern, Plan, Refusal, SequenceRunner
from tests.sequence_reading import FOR_EVER_US, Advance, Reading

ROOT = Path(__file__).parents[2]
FACTS = read_context(
    {path: (ROOT / path).read_text("utf-8") for path in ("rules/facts.yaml", "rules/aggregates.yaml")}
)[0].vocabulary
NOWHERE = Location(file="test", line=1, column=1)
KEYS = (("merchant.id",), ("merchant.id", "txn.payer_id"), ("txn.settle_amount_fen",))
CONDITIONS = (
    "txn.amount_fen <= 2",
    "txn.amount_fen >= 2",
    "event.type == 'PAYMENT_CAPTURED'",
    "event.type == 'PAYMENT_REFUNDED' && txn.amount_fen != 1",
    "event.type in ['PAYMENT_CAPTURED', 'DEVICE_ONLINE'] || txn.amount_fen == 3",
    "10 / txn.amount_fen > 3",  # cannot be evaluated for 0
)


Stream = Sequence[Event | Advance]


def condition(source: str, vocabulary: Vocabulary = FACTS) -> Condition:
    made, findings = compile_condition(source=source, vocabulary=vocabulary, location=NOWHERE)
    assert made is not None, findings
    return made


@st.composite
def rules(draw: st.DrawFn, number: int = 0) -> Plan:
    pattern = draw(st.sampled_from(Pattern))
    start_us = draw(st.sampled_from((0, 0, 15)))
    return Plan(
        rule_id=f"seq.{number}",
        version=1,
        key=draw(st.sampled_from(KEYS)),
        pattern=pattern,
        first=condition(draw(st.sampled_from(CONDITIONS))),
        ends=None if pattern is Pattern.TIMES else condition(draw(st.sampled_from(CONDITIONS))),
        times=draw(st.integers(2, 4)),
        window_us=draw(st.integers(1, 12)),
        lateness_us=draw(st.integers(0, 5)),
        start_us=start_us,
        end_us=draw(st.sampled_from((None, None, start_us + 10))),
        outcome={"label": "test"},
    )


@st.composite
def streams(draw: st.DrawFn, *, is_tidy: bool = False) -> Stream:
    """Late, future, equal and repeated events of few keys; tidy ones keep what a replay needs."""
    clock_us, stream, events = 0, [], []
    for number in range(draw(st.integers(0, 24))):
        clock_us += draw(st.sampled_from((0, 0, 1, 1, 2, 7)))
        what = draw(st.sampled_from(("event", "event", "event", "event", "repeat", "advance")))
        if what == "advance":
            stream.append(Advance(clock_us if is_tidy else clock_us + draw(st.integers(-3, 6))))
        elif what == "repeat" and events:
            stream.append(draw(st.sampled_from(events)))
        else:
            name = f"{number:02}" if is_tidy else f"{draw(st.integers(0, 20)):02}"
            events.append(draw(event(name, clock_us)))
            stream.append(events[-1])
    return stream


@st.composite
def event(draw: st.DrawFn, name: str, seen_us: int) -> Event:
    amount_fen = draw(st.integers(0, 3))
    facts = {
        "event.type": draw(st.sampled_from(("PAYMENT_CAPTURED", "PAYMENT_REFUNDED", "DEVICE_ONLINE"))),
        "merchant.id": draw(st.sampled_from(("m1", "m1", "m2", ""))),
        "txn.payer_id": draw(st.sampled_from(("p1", "p1", "p2"))),
        "txn.amount_fen": amount_fen,
        "txn.settle_amount_fen": amount_fen % 2,
    }
    at_us = seen_us - draw(st.sampled_from((0, 0, 0, 1, 3, 6, -2)))
    return Event(id=name, at_us=at_us, seen_us=seen_us, facts=facts)


def step(runner: SequenceRunner, one: Event | Advance) -> tuple[Match, ...]:
    return runner.advance(one.to_us) if isinstance(one, Advance) else runner.feed(one)


def ignore(refusal: Refusal) -> None:
    """Refusals have tests of their own."""


@settings(max_examples=200, deadline=None)
@given(plans=st.tuples(rules(0), rules(1)), stream=streams())
def test_every_step_gives_what_the_contract_says(plans: tuple[Plan, ...], stream: Stream) -> None:
    runner = SequenceRunner(plans=plans, report=ignore)
    readings = {plan.rule_id: Reading(plan) for plan in plans}
    given_: dict[str, list[tuple[tuple[str, ...], int]]] = {name: [] for name in readings}
    for one in [*stream, Advance(FOR_EVER_US)]:
        for match in step(runner, one):
            given_[match.rule_id].append((match.events, match.at_us))
        for name, reading in readings.items():
            reading.step(one)
            assert len(given_[name]) == len(set(given_[name]))
            assert set(given_[name]) == reading.matches()
    runner.close()


@settings(max_examples=200, deadline=None)
@given(plans=st.tuples(rules(0), rules(1)), stream=streams(is_tidy=True), data=st.data())
def test_a_replay_of_the_horizon_goes_on_where_the_other_stopped(
    plans: tuple[Plan, ...], stream: Stream, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    whole = SequenceRunner(plans=plans, report=ignore)
    before = [match for one in stream[:cut] for match in step(whole, one)]
    resumed_us = whole.clock_us
    rest = [*stream[cut:], Advance(FOR_EVER_US)]
    after = [match for one in rest for match in step(whole, one)]
    oldest_us = -FOR_EVER_US if resumed_us is None else resumed_us - whole.horizon_us
    again = SequenceRunner(plans=plans, report=ignore, resumed_us=resumed_us)
    replayed = [one for one in stream[:cut] if isinstance(one, Event) and one.at_us >= oldest_us]
    assert [match for one in replayed for match in step(again, one)] == []
    found = [match for one in rest for match in step(again, one)]
    assert sorted(one.identity for one in found) == sorted(one.identity for one in after)
    assert not {one.identity for one in found} & {one.identity for one in before}
    whole.close()
    again.close()
