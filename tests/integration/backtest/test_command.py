"""Backtests from the rulebook repository: which commits are compared, how results are written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench._payments_world import rule_files
from engine.releases import Author, DraftMissing, create_repository, head, save_draft
from haodian import backtesting, speech
from payments_core import backtest
from payments_core.backtest import State
from payments_core.database import transaction
from tests.integration.backtest.conftest import NOW, PERIOD, Past
from tests.integration.backtest.drafts import RATES

OPS = Author(name="ops", email="ops@haodian")
AT = datetime(2025, 4, 17, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The product's rules, and the draft `dearer`."""
    path = tmp_path / "rulebook.git"
    first = create_repository(path=path, files=rule_files(), author=OPS, at=AT)
    save_draft(path=path, name="dearer", base=first, changes=RATES, author=OPS, message="dearer", at=AT)
    return path


def test_a_draft_is_held_against_what_is_released(past: Past, repository: Path) -> None:
    what = backtesting.compared(repository, draft="dearer", commit=None)
    assert (what.title, what.released) == ("dearer", head(repository))
    run_no = backtesting.ask(past.engine, what, period=PERIOD, asked_by="ops", now=NOW)
    assert past.read(backtest.list_unfinished)[-1] == run_no
    assert backtesting.run(past.engine, repository, run_no=run_no, clock=lambda: NOW) is State.DONE

    told = json.loads(backtesting.as_json(past.engine, run_no=run_no))
    (whole,) = told["totals"]["all"]
    assert whole["draft"]["fee_fen"] > whole["released"]["fee_fen"]
    assert whole["draft"]["margin_fen"] == whole["draft"]["fee_fen"] - whole["draft"]["cost_fen"]
    assert {row["rule_id"] for row in told["coverage"]} == {"fee.community.std"}
    with speech.out.capture() as shown:
        backtesting.show(past.engine, run_no=run_no)
    assert all(word in shown.get() for word in ("手续费", "平台", "得失最多", "覆盖"))


def test_a_commit_that_cannot_be_read_fails_the_run_and_says_why(past: Past, repository: Path) -> None:
    what = backtesting.compared(repository, draft=None, commit="f" * 40)
    run_no = backtesting.ask(past.engine, what, period=PERIOD, asked_by="ops", now=NOW)
    with pytest.raises(Exception, match="f" * 8):
        backtesting.run(past.engine, repository, run_no=run_no, clock=lambda: NOW)
    with transaction(past.engine) as connection:
        run = backtest.get_run(connection, run_no=run_no)
    assert (run.state, bool(run.trouble)) == (State.FAILED, True)
    with pytest.raises(DraftMissing):
        backtesting.compared(repository, draft="nobody", commit=None)
