"""Values by date: which one holds when, for decisions, explanations, tests in files, checks and proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook import Definition, Rule, Rulebook, Table, check, coverage_of, parse_rule
from engine.rulebook.prove import Verdict, prove

SHANGHAI = timezone(timedelta(hours=8))
HEAD = (
    "kind: {kind}\nid: {id}\nversion: {version}\ntitle: 测试\nowner: 测试\n"
    'effective: {{from: "{start}", to: {to}}}\nspec:\n'
)
FEE = (
    "  basis: settle_amount_fen\n  clock: txn.paid_at\n  rounding: {unit: fen, mode: HALF_UP, per: txn}\n"
    "  refund: return_cumulative\n"
)
TWO = (
    '[{from: 2025-01-01, value: "0.0038", reference: 决议一, last_verified: 2025-02-01},'
    ' {from: 2025-07-01, value: "0.0040", reference: 决议二}]'
)
BOUNDS = "[{from: 2025-01-01, value: 1000, reference: a}, {from: 2025-07-01, value: 2000, reference: b}]"
SHARES = '[{from: 2025-01-01, value: "0.24", reference: a}, {from: 2025-07-01, value: "0.30", reference: b}]'
ALWAYS = f'  rows:\n    - when: "true"\n      rate: {TWO}\n'


def fee(rows: str, *, version: int = 1, start: str = "2025-01-01T00:00:00+08:00", to: str = "null") -> str:
    head = HEAD.format(kind="merchant_fee", id="fee.test", version=version, start=start, to=to)
    return head + FEE + rows


def on(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), SHANGHAI)


def rate_at(book: Rulebook, instant: datetime) -> object:
    shape = book.in_force(kind="merchant_fee", at=instant, scope={}).shape
    assert isinstance(shape, Table)
    return shape.decide(book.vocabulary.conform({})).outputs["rate"]


@pytest.mark.parametrize(
    ("instant", "rate"),
    [
        (on("2025-01-01"), "0.0038"),
        (on("2025-07-01") - timedelta(microseconds=1), "0.0038"),
        (on("2025-07-01"), "0.0040"),  # half-open: the new value from midnight in Shanghai
        (on("2030-01-01"), "0.0040"),
    ],
)
def test_the_value_of_the_day_decides(book: Callable[..., Rulebook], instant: datetime, rate: str) -> None:
    assert rate_at(book(fee(ALWAYS)), instant) == rate


def test_a_grid_row_may_be_dated_too(book: Callable[..., Rulebook]) -> None:
    rows = f"  inputs: [txn.channel]\n  rows:\n    - {{in: [WECHAT], rate: {TWO}}}\n"
    made = book(fee(rows + '    - {in: ["-"], rate: "0.0060"}\n'))
    assert [rate_at(made, on(day)) for day in ("2025-06-30", "2025-07-01")] == ["0.0038", "0.0040"]


def test_the_explanation_names_the_value_its_days_and_its_reference(book: Callable[..., Rulebook]) -> None:
    made = book(fee(ALWAYS))
    told = [
        made.in_force(kind="merchant_fee", at=on(day), scope={}).shape.explain(made.vocabulary.conform({}))
        for day in ("2025-06-30", "2025-07-01")
    ]
    assert [[one.words() for one in each.dated] for each in told] == [
        ["rate 0.0038，2025-01-01 至 2025-07-01（不含），依据：决议一，最近核对 2025-02-01"],
        ["rate 0.0040，2025-07-01 起，依据：决议二"],
    ]
    (first,) = told[0].dated
    expected = "rate 0.0038 from 2025-01-01 until 2025-07-01: 决议一, last verified 2025-02-01"
    assert first.words(language="en") == expected
    assert (first.at, first.line) == (("rows", 0, "rate"), 14)


def test_a_row_without_dates_says_nothing_of_them(book: Callable[..., Rulebook]) -> None:
    made = book(fee('  rows:\n    - {when: "true", rate: "0.0038"}\n'))
    rule = made.in_force(kind="merchant_fee", at=on("2025-07-01"), scope={})
    assert rule.stretches == (rule,)
    assert rule.shape.explain(made.vocabulary.conform({})).dated == ()


@pytest.mark.parametrize("mode", ["marginal", "whole"])
def test_tiers_change_their_rates_and_bounds_by_date(book: Callable[..., Rulebook], mode: str) -> None:
    rows = f'[{{upto_fen: {BOUNDS}, rate: {TWO}}}, {{rate: "1"}}]'
    tiers = f"{{mode: {mode}, by: txn.settle_amount_fen, rows: {rows}}}"
    made = book(fee(f'  rows:\n    - {{when: "true", tiers: {tiers}}}\n'))
    found = []
    for day in ("2025-06-30", "2025-07-01"):
        shape = made.in_force(kind="merchant_fee", at=on(day), scope={}).shape
        assert isinstance(shape, Table)
        found.append(shape.rows[0].outputs["tiers"]["rows"][0])
    assert found == [{"upto_fen": 1000, "rate": "0.0038"}, {"upto_fen": 2000, "rate": "0.0040"}]


def test_the_parts_of_a_definition_change_by_date(shipped: Mapping[str, str]) -> None:
    path = "rules/profit_share/ps.default.yaml"
    made, findings = check(files={**shipped, path: shipped[path].replace('"0.24"', SHARES)})
    assert made is not None, findings
    rules = [made.in_force(kind="profit_share", at=on(day), scope={}) for day in ("2025-06-30", "2025-07-01")]
    assert [rule.spec["shares"][0]["rate"] for rule in rules] == ["0.24", "0.30"]
    shape = rules[1].shape
    assert isinstance(shape, Definition)
    assert [one.reference for one in shape.explain(made.vocabulary.conform({})).dated] == ["b"]


def test_the_next_version_takes_over_from_whatever_value_was_in_force(
    declarations: Mapping[str, str],
) -> None:
    first, findings = check(files={**declarations, "rules/merchant_fee/fee.test.yaml": fee(ALWAYS)})
    assert first is not None, findings
    rows = '  rows:\n    - {when: "true", rate: "0.0050"}\n'
    next_one = fee(rows, version=2, start="2025-06-01T00:00:00+08:00")
    made, findings = check(
        files={**declarations, "rules/merchant_fee/fee.test.yaml": next_one},
        previous=first,
        earlier=first.versions,
    )
    assert made is not None, findings
    assert [rate_at(made, on(day)) for day in ("2025-05-31", "2025-06-01", "2025-07-01")] == [
        "0.0038", "0.0050", "0.0050",
    ]  # fmt: skip


def test_a_value_is_part_of_what_was_published(declarations: Mapping[str, str]) -> None:
    path = "rules/merchant_fee/fee.test.yaml"
    first, _ = check(files={**declarations, path: fee(ALWAYS)})
    changed = fee(ALWAYS.replace('"0.0040"', '"0.0041"'))
    _, findings = check(files={**declarations, path: changed}, previous=first)
    assert [one.code for one in findings] == ["VERSION_IMMUTABLE"]


def test_a_test_in_the_file_says_of_which_instant_it_is(findings: Callable[..., tuple[object, ...]]) -> None:
    tests = (
        "tests:\n"
        '  - {name: 六月, facts: {}, expect: {rate: "0.0038"}}\n'
        '  - {name: 七月, at: "2025-07-01T00:00:00+08:00", facts: {}, expect: {rate: "0.0040"}}\n'
    )
    assert findings(fee(ALWAYS) + tests) == ()
    wrong = findings(fee(ALWAYS) + tests.replace('rate: "0.0040"', 'rate: "0.0038"'))
    assert [one.code for one in wrong] == ["TEST_FAILED"]


def test_coverage_counts_a_test_of_any_instant(book: Callable[..., Rulebook]) -> None:
    tests = 'tests:\n  - {name: 七月, at: "2025-07-01T00:00:00+08:00", facts: {}, expect: {row: 0}}\n'
    made = book(fee(ALWAYS) + tests)
    assert coverage_of(made.rules[0], vocabulary=made.vocabulary).missed == ()


def test_a_later_value_below_the_cost_is_found_where_it_stands(shipped: Mapping[str, str]) -> None:
    path = "rules/merchant_fee/fee.default.yaml"
    text = shipped[path].replace('when: "true", rate: "0.0038"', f'when: "true", rate: {TWO}')
    text = text.replace('value: "0.0040"', 'value: "0.0010"')
    _, findings = check(files={**shipped, path: text})
    (found,) = (one for one in findings if one.code == "NEGATIVE_MARGIN")
    assert text.split("\n")[found.location.line - 1][found.location.column - 1 :].startswith('"0.0010"')


def test_proofs_are_about_every_stretch(book: Callable[..., Rulebook]) -> None:
    falling = SHARES.replace("0.24", "0.0020").replace("0.30", "0.0009")
    rows = f'[{{upto_fen: 9, rate: "0.0010"}}, {{rate: {falling}}}]'
    tiers = f"{{mode: marginal, by: txn.settle_amount_fen, rows: {rows}}}"
    proofs = prove(rulebook=book(fee(f'  rows:\n    - {{when: "true", tiers: {tiers}}}\n')))
    rising = [proof.verdict for proof in proofs if proof.code == "TIER_RATES_RISE"]
    assert rising == [Verdict.PROVED, Verdict.REFUTED]  # 0.10 % ≤ 0.20 %; 0.10 % > 0.09 %


days = st.dates(date(2025, 1, 2), date(2025, 12, 31))


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(days, unique=True, max_size=5), asked=st.lists(days, min_size=1, max_size=8))
def test_it_is_the_newest_value_that_has_begun(
    declared: Rulebook, steps: list[date], asked: list[date]
) -> None:
    begins = [date(2025, 1, 1), *sorted(steps)]
    listed = ", ".join(
        f'{{from: {day}, value: "0.{number:04d}", reference: x}}' for number, day in enumerate(begins)
    )
    text = fee(f'  rows:\n    - {{when: "true", rate: [{listed}]}}\n')
    made = Rulebook(context=declared.context, rules=[parsed(declared, text)])
    for day in asked:
        newest = max(number for number, begin in enumerate(begins) if begin <= day)
        assert rate_at(made, datetime.combine(day, time(), SHANGHAI)) == f"0.{newest:04d}"


@pytest.fixture(scope="module")
def declared(declarations: Mapping[str, str]) -> Rulebook:
    made, findings = check(files=declarations)
    assert made is not None, findings
    return made


def parsed(book: Rulebook, text: str) -> Rule:
    rule, findings = parse_rule(path="rules/merchant_fee/fee.test.yaml", text=text, context=book.context)
    assert rule is not None, findings
    return rule


def test_lists_without_any_real_date_are_findings(book: Callable[..., Rulebook]) -> None:
    """Instants where dates belong: every one is told, and nothing breaks."""
    context = book(fee(ALWAYS)).context
    instants = TWO.replace("2025-01-01,", '"2025-01-01T00:00:00+08:00",').replace("2025-07-01,", "soon,")
    text = fee(ALWAYS.replace(TWO, instants))
    rule, findings = parse_rule(path="rules/merchant_fee/fee.test.yaml", text=text, context=context)
    assert rule is None
    assert [one.code for one in findings if one.code == "SCHEMA_FORMAT"] == ["SCHEMA_FORMAT"] * 2
