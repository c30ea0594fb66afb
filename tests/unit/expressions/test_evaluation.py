"""What a compiled condition answers, and that it never answers what it cannot know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from engine.expressions import (
    Condition,
    EvaluationError,
    OfficialSet,
    Value,
    Vocabulary,
    compile_all,
    compile_first_match,
    evaluate_officially,
)
from engine.expressions.vocabulary import LIST_LIMIT, TEXT_LIMIT

Compiled = Callable[[str], Condition]
INT_MAX = 2**63 - 1
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "given", "expected"),
    [
        ("txn.amount_fen >= 5000", {"txn.amount_fen": 5000}, True),
        ("txn.amount_fen >= 5000", {"txn.amount_fen": 4999}, False),
        ("txn.channel in ['ALIPAY', 'BANKCARD']", {"txn.channel": "BANKCARD"}, True),
        ("!('VIP' in merchant.tags)", {"merchant.tags": ("NEW",)}, True),
        ("merchant.tags == ['NEW', 'VIP']", {"merchant.tags": ["NEW", "VIP"]}, True),
        ("merchant.tags.all(t, t.startsWith('V'))", {"merchant.tags": ("VIP", "NEW")}, False),
        ("merchant.tags.exists(t, t.endsWith('EW'))", {"merchant.tags": ("VIP", "NEW")}, True),
        ("merchant.ad_filters.exists(t, size(t) == 1)", {"merchant.ad_filters": ("😀",)}, True),
        ("-7 / 2 == -3 && -7 % 2 == -1", {}, True),  # towards zero
        ("'😀' > '\uffff'", {}, True),  # code points, not UTF-16 units
        ("1 == 1 == txn.is_first_payer", {"txn.is_first_payer": True}, True),
        ("txn.is_first_payer ? txn.amount_fen > 1 : true", {"txn.is_first_payer": True}, False),
        ("txn.paid_at < timestamp('2025-04-01T08:00:01+08:00')", {}, True),  # the default is 08:00:00 +08:00
        ("txn.paid_at < timestamp('0001-01-01T00:00:00.000001Z')", {"txn.paid_at": FIRST}, True),
        ("txn.paid_at > timestamp('9999-12-31T23:59:59.999998Z')", {"txn.paid_at": LAST}, True),
        ("1 / txn.amount_fen == 1 && txn.is_first_payer", {}, False),  # an error is absorbed by false
        ("1 / txn.amount_fen == 1 || !txn.is_first_payer", {}, True),  # and by true
        ("[2, 0, 1].exists(x, 2 / x == 1)", {}, True),
        ("[0, 1].all(x, 2 / x == 1)", {}, False),
    ],
)
def test_answers(
    compiled: Compiled, vocabulary: Vocabulary, source: str, given: Mapping[str, object], expected: bool
) -> None:
    facts = vocabulary.conform(given)
    assert compiled(source).evaluate(facts) is expected
    assert evaluate_officially(source=source, vocabulary=vocabulary, facts=facts) is expected


@pytest.mark.parametrize(
    ("source", "given", "code"),
    [
        ("txn.amount_fen + 1 > 0", {"txn.amount_fen": INT_MAX}, "INT_OVERFLOW"),
        ("-txn.amount_fen > 0", {"txn.amount_fen": -INT_MAX - 1}, "INT_OVERFLOW"),
        ("txn.amount_fen / -1 > 0", {"txn.amount_fen": -INT_MAX - 1}, "INT_OVERFLOW"),
        ("txn.amount_fen % -1 == 0", {"txn.amount_fen": -INT_MAX - 1}, "INT_OVERFLOW"),
        ("1 / txn.amount_fen == 1 && !txn.is_first_payer", {}, "DIVISION_BY_ZERO"),
        ("1 / txn.amount_fen == 1 && 1 % txn.amount_fen == 1", {}, "DIVISION_BY_ZERO"),
        ("[1, 0].exists(x, 1 / x == 5)", {}, "DIVISION_BY_ZERO"),
    ],
)
def test_failures_are_raised(
    compiled: Compiled, vocabulary: Vocabulary, source: str, given: Mapping[str, object], code: str
) -> None:
    facts = vocabulary.conform(given)
    with pytest.raises(EvaluationError) as raised:
        compiled(source).evaluate(facts)
    assert raised.value.code == code
    with pytest.raises(EvaluationError):
        evaluate_officially(source=source, vocabulary=vocabulary, facts=facts)


def test_missing_fact_is_an_error_in_both_evaluators(compiled: Compiled, vocabulary: Vocabulary) -> None:
    with pytest.raises(EvaluationError, match=r"FACT_MISSING: txn\.amount_fen"):
        compiled("txn.amount_fen >= 1").evaluate({})
    with pytest.raises(EvaluationError, match="CEL_ERROR"):
        evaluate_officially(source="txn.amount_fen >= 1", vocabulary=vocabulary, facts={})


def test_facts_bound_before_anything_is_compiled_are_of_their_types(vocabulary: Vocabulary) -> None:
    """Also where the vocabulary's environment has been made anew since, as happens in a long process."""
    before, since = (vocabulary.restricted(vocabulary.namespaces) for _ in range(2))
    bound = OfficialSet(sources=(), vocabulary=before).bind(vocabulary.conform({}))
    conditions = OfficialSet(sources=("txn.paid_at == txn.paid_at",), vocabulary=since)
    assert conditions.evaluate(bound) == (True,)


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        ("txn.amount_fen >= 1", {"txn.amount_fen": "5000"}),
        ("txn.is_first_payer", {"txn.is_first_payer": 1}),
        ("txn.is_first_payer", {"txn.is_first_payer": "no"}),
        ("txn.bank_code.startsWith('B')", {"txn.bank_code": 5}),
        ("'VIP' in merchant.tags", {"merchant.tags": 5}),
    ],
)
def test_facts_of_a_wrong_type_are_errors(
    compiled: Compiled, source: str, facts: Mapping[str, Value]
) -> None:
    with pytest.raises(EvaluationError, match="FACT_TYPE"):
        compiled(source).evaluate(facts)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"txn.amout_fen": 1}, "FACT_UNKNOWN"),
        ({"txn.amount_fen": "1"}, "FACT_TYPE"),
        ({"txn.amount_fen": True}, "FACT_TYPE"),
        ({"txn.amount_fen": 1.0}, "FACT_TYPE"),
        ({"txn.amount_fen": INT_MAX + 1}, "FACT_TYPE"),
        ({"txn.is_first_payer": 1}, "FACT_TYPE"),
        ({"txn.bank_code": None}, "FACT_TYPE"),
        ({"txn.bank_code": "中" * (TEXT_LIMIT + 1)}, "FACT_TYPE"),
        ({"merchant.ad_filters": "VIP"}, "FACT_TYPE"),
        ({"merchant.ad_filters": ("x",) * (LIST_LIMIT + 1)}, "FACT_TYPE"),
        ({"txn.paid_at": datetime(2025, 4, 1)}, "FACT_TYPE"),
        ({"txn.channel": "CASH"}, "FACT_VALUE"),
        ({"merchant.tags": ["VIP", "OLD"]}, "FACT_VALUE"),
    ],
)
def test_conform_refuses_what_the_vocabulary_does_not_allow(
    vocabulary: Vocabulary, given: Mapping[str, object], code: str
) -> None:
    with pytest.raises(EvaluationError) as raised:
        vocabulary.conform(given)
    assert (raised.value.code, raised.value.fact) == (code, next(iter(given)))


def test_conform_fills_defaults_and_freezes_lists(vocabulary: Vocabulary) -> None:
    facts = vocabulary.conform({"merchant.tags": ["VIP"], "txn.amount_fen": 1})
    assert facts.keys() == vocabulary.facts.keys()
    assert (facts["merchant.tags"], facts["txn.amount_fen"], facts["device.distance_m"]) == (("VIP",), 1, -1)
    assert facts["txn.paid_at"] == datetime(2025, 4, 1, tzinfo=UTC)


def test_reads_and_clauses_follow_the_top_level_and(compiled: Compiled, vocabulary: Vocabulary) -> None:
    condition = compiled(
        "txn.amount_fen >= 5000 && (txn.channel == 'ALIPAY' || txn.hour_cst < 6)"
        " && (txn.is_first_payer && true)"
    )
    clauses = condition.clauses()
    facts = vocabulary.conform({"txn.amount_fen": 6000})

    assert condition.reads == {"txn.amount_fen", "txn.channel", "txn.hour_cst", "txn.is_first_payer"}
    assert [clause.words(language="zh") for clause in clauses] == [
        "付款金额 ≥ ¥50.00",
        "渠道 是 ALIPAY 或 时段 < 6",
        "首次付款：是",
        "总是",
    ]
    assert [clause.evaluate(facts) for clause in clauses] == [True, False, False, True]
    assert clauses[1].reads == {"txn.channel", "txn.hour_cst"}


def test_a_condition_without_and_is_its_only_clause(compiled: Compiled) -> None:
    (clause,) = compiled("txn.amount_fen >= 5000").clauses()
    assert clause.words(language="en") == "amount ≥ ¥50.00"


def test_equal_conditions_have_equal_trees(compiled: Compiled) -> None:
    plain, spaced = (
        compiled("txn.hour_cst > 1 && true && false"),
        compiled("( txn.hour_cst>1 ) && (true && false)"),
    )
    assert plain.tree == spaced.tree


def test_sets_answer_as_their_conditions_do(compiled: Compiled, vocabulary: Vocabulary) -> None:
    conditions = [
        compiled(f"txn.amount_fen >= {limit} && txn.hour_cst < 20") for limit in (5000, 100, 2000, 1)
    ]
    facts = vocabulary.conform({"txn.amount_fen": 2500})

    assert compile_all(conditions)(facts) == (1, 2, 3)
    assert compile_first_match(conditions)(facts) == 1
    assert compile_first_match(conditions)(vocabulary.conform({})) is None
    assert compile_all(())({}) == ()


def test_a_set_says_which_condition_failed(compiled: Compiled, vocabulary: Vocabulary) -> None:
    conditions = [compiled("txn.hour_cst > 20"), compiled("10 / txn.amount_fen > 1"), compiled("true")]
    for evaluate in (compile_all(conditions), compile_first_match(conditions)):
        with pytest.raises(EvaluationError, match="DIVISION_BY_ZERO") as raised:
            evaluate(vocabulary.conform({}))
        assert raised.value.index == 1


def test_first_match_ignores_failures_after_it(compiled: Compiled, vocabulary: Vocabulary) -> None:
    conditions = [compiled("true"), compiled("10 / txn.amount_fen > 1")]
    assert compile_first_match(conditions)(vocabulary.conform({})) == 0


def test_a_set_needs_every_fact_it_reads(compiled: Compiled) -> None:
    conditions = [compiled("true"), compiled("txn.amount_fen > 1")]
    for evaluate in (compile_all(conditions), compile_first_match(conditions)):
        with pytest.raises(EvaluationError, match=r"FACT_MISSING: txn\.amount_fen"):
            evaluate({})
