"""What the kind says its rules are given is what the events carry, and the refusals of reading them."""

from __future__ import annotations

import pytest

from bench._payments_world import rule_files
from engine.rulebook import Rulebook, check
from payments_core.database import transaction
from payments_core.sequences import FACTS, TYPES, MatchNotFound
from payments_core.sequences.queries import count_matches, get_match, list_matches
from tests.integration.sequences.conftest import NOON, Street, after, rule


def test_the_kind_supplies_what_events_say(book: Rulebook) -> None:
    assert book.kinds["sequence"].supplied == FACTS.keys()
    assert set(book.vocabulary.facts["event.type"].values) == set(TYPES.values())


def codes(text: str) -> set[str]:
    path = "rules/sequence/seq.odd.yaml"
    _, findings = check(files=rule_files({path: text}))
    return {found.code for found in findings if found.location.file == path}


def test_a_fact_that_no_event_has_is_warned_of_in_conditions_and_keys() -> None:
    read = rule("seq.odd", "first: small, times: 2, within: 1h").replace(
        "txn.amount_fen <= 100", "merchant.gmv_7d_fen > 0"
    )
    assert codes(read) == {"FACT_NOT_SUPPLIED"}
    assert codes(rule("seq.odd", "first: small, times: 2, within: 1h", key="merchant.broker_id")) == {
        "FACT_NOT_SUPPLIED"
    }
    assert codes(rule("seq.odd", "first: small, times: 2, within: 1h")) == set()


def test_a_task_that_no_rule_defines_is_refused() -> None:
    text = rule("seq.odd", "first: small, times: 2, within: 1h")
    assert codes(text.replace("severity: LOW", "severity: LOW, task: task.nobody")) == {"NAME_UNKNOWN"}
    assert codes(text.replace("severity: LOW", "severity: LOW, task: task.device_check")) == set()


def test_matches_are_listed_counted_and_opened_to_their_events(street: Street) -> None:
    first = street.pay(50, at=NOON)
    last = street.pay(5_000, at=after(minutes=4))
    street.pay(50, at=after(minutes=20), payer="p2", merchant=2)
    street.follow(now=after(hours=1))
    with transaction(street.engine) as connection:
        rows = list_matches(connection)
        assert [row.rule_id for row in rows] == ["seq.without", "seq.then"]
        assert list_matches(connection, place="M00002") == rows[:1]
        assert list_matches(connection, severity="HIGH") == ()
        counts = count_matches(connection)
        assert (counts.total, counts.high, counts.low) == (2, 0, 2)
        detail = get_match(connection, match_no=rows[1].match_no)
    assert [(one.topic, one.payment_id, one.amount_fen, one.at) for one in detail.events] == [
        ("payment.succeeded", first, 50, NOON),
        ("payment.succeeded", last, 5_000, after(minutes=4)),
    ]


def test_a_match_that_is_not_there_is_refused(street: Street) -> None:
    with transaction(street.engine) as connection, pytest.raises(MatchNotFound) as refused:
        get_match(connection, match_no=1)
    assert refused.value.code == "MATCH_NOT_FOUND"
