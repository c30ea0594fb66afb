"""What a change moves in a month: measured by a backtest, bound to the meaning, told to open reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench._payments_world import rule_files
from engine.releases import create_repository, find_change, head, save_draft
from haodian import backtesting
from payments_core import backtest, rulebooks
from payments_core.access import Person, Role
from payments_core.backtest import Period, State
from payments_core.database import Scope, transaction
from payments_core.fees import EVALUATORS
from payments_core.rulebooks import ActiveRulebook, Actor, Desk
from tests.integration.backtest.conftest import NOW, PERIOD, Past
from tests.integration.backtest.drafts import RATES
from ui import desk, review_desk
from ui.services import Services

OPS = Actor(login="ops", name="ops", role="hq_ops")
OPS_LIN = Actor(login="lin", name="林晓", role="hq_ops")
AT = datetime(2025, 4, 17, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The product's rules, and the draft `dearer`."""
    path = tmp_path / "rulebook.git"
    create_repository(path=path, files=rule_files(), author=OPS.author, at=AT)
    save(path, RATES)
    return path


def save(path: Path, changes: dict[str, str], *, name: str = "dearer", by: Actor = OPS) -> None:
    author = by.author
    save_draft(path=path, name=name, base=head(path), changes=changes, author=author, message="x", at=AT)


def measure(past: Past, repository: Path, *, draft: str = "dearer", period: Period = PERIOD, **scope) -> int:
    what = backtesting.compared(repository, draft=draft, commit=None)
    run_no = backtesting.ask(past.engine, what, period=period, asked_by="ops", now=NOW, scope=scope)
    assert backtesting.run(past.engine, repository, run_no=run_no, clock=lambda: NOW) is State.DONE
    return run_no


def figure(past: Past, repository: Path, *, draft: str = "dearer") -> int | None:
    return past.read(backtest.find_impact, meaning=find_change(path=repository, name=draft).meaning)


def test_the_figure_is_what_moves_either_way_in_a_month_and_reviews_are_told(
    past: Past, repository: Path
) -> None:
    own = Desk(repository=repository, evaluators=EVALUATORS)
    with transaction(past.engine) as connection:
        number = rulebooks.request_review(
            connection, desk=own, draft="dearer", by=OPS, title="涨", now=AT, impact_fen=None
        )
        review = rulebooks.get_review(connection, review_no=number)
    assert rulebooks.needed_for(own, review) == ("finance", "risk")
    assert figure(past, repository) is None

    run_no = measure(past, repository)
    merchants = past.read(backtest.list_totals, run_no=run_no, dimension="merchant")
    moved = sum(abs(one.draft.fee_fen - one.released.fee_fen) for one in merchants)
    # Three days are all there are; a month has thirty: × 10.
    assert figure(past, repository) == moved * 10 > 0
    review = past.read(rulebooks.get_review, review_no=number)
    assert review.impact_fen == moved * 10
    assert rulebooks.needed_for(own, review) == ("finance",)
    again = {"meaning": review.meaning, "impact_fen": moved * 10, "by": "ops", "now": AT}
    assert past.read(rulebooks.note_impact, **again) == ()


def test_what_was_measured_before_goes_with_the_request(past: Past, repository: Path) -> None:
    person = Person(
        user_id=1, login="lin", name="林晓", language="zh", role=Role.HQ_OPS, scope=Scope(kind="all")
    )
    services = Services(
        engine=past.engine,
        rulebooks=ActiveRulebook(repository, past.engine),
        repository=repository,
        now=lambda: NOW,
        machine_now=lambda: NOW,
        sealer=None,
    )
    opened = desk.open_rule(repository, rule_id="fee.community.std", login="lin")
    asking = {
        "services": services,
        "opened": opened,
        "person": person,
        "title": "涨",
        "reason": "",
        "now": AT,
    }
    dearer = RATES[opened.path].replace("label: 标准", "label: 普通")
    save(repository, {opened.path: dearer}, name="fee.community.std.lin", by=OPS_LIN)
    measure(past, repository, draft="fee.community.std.lin")
    for text, is_measured in ((dearer, True), (dearer.replace("0.0041", "0.0040"), False)):
        with transaction(past.engine) as connection:
            number = review_desk.request_review(connection, text=text, **asking)
            review = rulebooks.get_review(connection, review_no=number)
        assert (review.impact_fen is not None) is is_measured


def test_part_of_the_days_or_of_the_merchants_stands_for_nothing(past: Past, repository: Path) -> None:
    few = Period(first=PERIOD.last, last=PERIOD.last)
    text = RATES["rules/merchant_fee/fee.community.std.yaml"].replace("owner: ", "owner: 部分")
    save(repository, {"rules/merchant_fee/fee.community.std.yaml": text}, name="part")
    measure(past, repository, draft="part", period=few)
    measure(past, repository, draft="part", merchant="M00003")
    assert figure(past, repository, draft="part") is None


def test_a_change_that_is_not_all_computed_stays_unmeasured(past: Past, repository: Path) -> None:
    file = "rules/settlement_policy/settle.d1.yaml"
    other = {file: rule_files()[file].replace("owner: ", "owner: 另一位")}
    save(repository, {**RATES, **other}, name="more")
    measure(past, repository, draft="more")
    assert figure(past, repository, draft="more") is None


def test_of_two_runs_the_larger_figure_counts(past: Past, repository: Path) -> None:
    whole = measure(past, repository)
    first = Period(first=PERIOD.first, last=PERIOD.first)  # all there was on the first day
    one_day = measure(past, repository, period=first)
    figures = [past.read(backtest.get_run, run_no=number).impact_fen for number in (whole, one_day)]
    assert figures[0] != figures[1]
    assert figure(past, repository) == max(figures)
