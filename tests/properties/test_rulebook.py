"""Rulebook: the first match is the brute-force one, so are timelines, and no text makes the check fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rulebook import NoRuleInForce, Rule, Rulebook, Table, check, check_file, parse_rule

ROOT = Path(__file__).parents[2]
PATH = "rules/merchant_fee/fee.test.yaml"
CHANNELS = ("WECHAT", "ALIPAY", "UNIONPAY_QR", "BANKCARD")
START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shipped() -> Mapping[str, str]:
    """Every file under rules/, by path."""
    files = (path for path in sorted((ROOT / "rules").rglob("*")) if path.is_file())
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture(scope="module")
def empty(shipped: Mapping[str, str]) -> Rulebook:
    """A rulebook of the declarations alone."""
    files = {p: t for p, t in shipped.items() if p.count("/") == 1 or p.startswith("rules/kinds/")}
    made, findings = check(files=files)
    assert made is not None, findings
    return made


def fee(*, rows: str, version: int = 1, start: datetime = START, end: datetime | None = None) -> str:
    """Return a merchant_fee file with these rows."""
    to = f'"{end.isoformat()}"' if end else "null"
    return (
        f"kind: merchant_fee\nid: fee.test\nversion: {version}\ntitle: 费率\nowner: 测试\n"
        f'effective: {{from: "{start.isoformat()}", to: {to}}}\nspec:\n'
        "  basis: settle_amount_fen\n  clock: txn.paid_at\n"
        "  rounding: {unit: fen, mode: HALF_UP, per: txn}\n  refund: return_cumulative\n  rows:\n" + rows
    )


def parsed(empty: Rulebook, text: str) -> Rule:
    """Return the rule of a text that is right."""
    rule, findings = parse_rule(path=PATH, text=text, context=empty.context)
    assert rule is not None, findings
    return rule


row = st.tuples(
    st.integers(0, 500), st.integers(0, 500), st.lists(st.sampled_from(CHANNELS), unique=True, max_size=3)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(row, min_size=1, max_size=12),
    amount_fen=st.integers(0, 600),
    channel=st.sampled_from(CHANNELS),
)
def test_the_first_match_is_the_brute_force_one(
    empty: Rulebook, rows: list[tuple[int, int, list[str]]], amount_fen: int, channel: str
) -> None:
    written = "".join(
        f'    - {{when: "txn.amount_fen >= {low} && txn.amount_fen < {high} && !(txn.channel in {names})", '
        f'rate: "0.{number:04d}"}}\n'
        for number, (low, high, names) in enumerate(rows)
    )
    shape = parsed(empty, fee(rows=written + '    - {when: "true", rate: "0"}\n')).shape
    assert isinstance(shape, Table)
    facts = empty.vocabulary.conform({"txn.amount_fen": amount_fen, "txn.channel": channel})
    expected = next(
        (
            number
            for number, (low, high, names) in enumerate(rows)
            if low <= amount_fen < high and channel not in names
        ),
        len(rows),
    )
    assert shape.decide(facts).row_no == expected
    assert next(one.row_no for one in shape.rows if one.condition.evaluate(facts)) == expected


day = st.integers(0, 60)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(periods=st.lists(st.tuples(day, st.none() | st.integers(1, 60)), min_size=1, max_size=6), asked=day)
def test_a_timeline_is_the_brute_force_one(
    empty: Rulebook, periods: list[tuple[int, int | None]], asked: int
) -> None:
    versions = []
    for number, (start, length) in enumerate(periods):
        begins = START + timedelta(days=start)
        ends = begins + timedelta(days=length) if length else None
        rows = '    - {when: "true", rate: "0"}\n'
        versions.append(parsed(empty, fee(rows=rows, version=number + 1, start=begins, end=ends)))
    rulebook = Rulebook(context=empty.context, rules=versions[-1:], earlier=versions[:-1])
    instant = START + timedelta(days=asked)
    # Version n until its own end or the start of any later version.
    expected = [
        rule.version
        for number, rule in enumerate(versions)
        if rule.effective_from <= instant
        and (rule.effective_to is None or instant < rule.effective_to)
        and all(instant < later.effective_from for later in versions[number + 1 :])
    ]
    assert len(expected) <= 1
    try:
        found = [rulebook.in_force(kind="merchant_fee", at=instant, scope={}).version]
    except NoRuleInForce:
        found = []
    assert found == expected


TOKENS = (
    "\t",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "&a ",
    "*a",
    "!x ",
    "|",
    "0.5",
    "null",
    "\n",
    "  ",
    "е",
)


edit = st.tuples(st.integers(0, 100_000), st.integers(0, 30), st.sampled_from(TOKENS) | st.text(max_size=3))


def around(path: str, files: Mapping[str, str]) -> Mapping[str, str]:
    """A rulebook of a few kinds and the file's own: reading all of them takes three times as long."""
    kinds = {"", "common", "merchant_fee", "channel_cost", "risk", kind_of(path)}
    return {one: text for one, text in files.items() if kind_of(one) in kinds}


def kind_of(path: str) -> str:
    """The kind that a file is about, "" if it is about all."""
    folder, name = Path(path).parts[-2:]
    return {"rules": "", "kinds": name.split(".")[0]}.get(folder, folder)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.integers(0, 1_000), edits=st.lists(edit, min_size=1, max_size=3))
def test_no_edit_of_a_file_makes_the_check_fail(
    shipped: Mapping[str, str], chosen: int, edits: list[tuple[int, int, str]]
) -> None:
    paths = sorted(shipped)
    path = paths[chosen % len(paths)]
    text = shipped[path]
    for at, cut, token in edits:
        at %= len(text) + 1
        text = text[:at] + token + text[at + cut :]
    findings = check_file(path=path, text=text, files=around(path, shipped))
    places = [(one.location.file, one.location.line, one.location.column) for one in findings]
    assert places == sorted(places)
