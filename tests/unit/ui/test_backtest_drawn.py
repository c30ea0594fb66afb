"""What a backtest found is said in full: who gains, what is left out, whether it is about this text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from payments_core.backtest import Covered, Decided, Money, Quality, Run, State, Total
from ui.backtest_desk import Extremes, Places, Results, read_period
from ui.pages.backtest_parts import drawn

BOOKED = Money(fee_fen=1000, cost_fen=400, opener_fen=100, maintainer_fen=50, store_fen=0)
RUN = Run(
    run_no=1,
    title="d",
    released_commit="a",
    draft_commit="b",
    meaning="m",
    impact_fen=37_167,
    first_date=date(2025, 4, 1),
    last_date=date(2025, 4, 14),
    scope={},
    state=State.DONE,
    days_done=14,
    days_reused=3,
    payments_done=120,
    cancel_asked=False,
    trouble="",
    asked_by="林晓",
    asked_at=datetime(2025, 4, 15, tzinfo=UTC),
    ended_at=None,
)


def total(dimension: str, member: str, *, draft: Money = BOOKED, unread: int = 0) -> Total:
    return Total(
        dimension=dimension,
        member=member,
        payments=120,
        payment_fen=250_000,
        refunds=0,
        refund_fen=0,
        unread=unread,
        unread_fen=unread * 100,
        released=BOOKED,
        draft=draft,
    )


DEARER = replace(BOOKED, fee_fen=1300)
NOBODY = Extremes(winners=(), losers=())
ROW = Covered(
    side="draft", kind="merchant_fee", rule_id="fee.x", version=5, item="0", line=17, name="标准",
    hits=0, amount_fen=0, fraud=0, honest=0,
)  # fmt: skip


def results(**changed: object) -> Results:
    found = Results(
        whole=total("all", ""),
        merchants=NOBODY,
        parties=NOBODY,
        coverage=(),
        decisions=(),
        quality=None,
        tasks=(),
        names={"M00001": "青禾便利店"},
    )
    return replace(found, **changed)


def said(found: Results) -> str:
    places = Places(dimension="city", rows=(found.whole,), count=1, names={})
    return str(drawn.all_of(found, RUN, places))


def test_the_head_says_what_was_measured_and_what_it_moves() -> None:
    told = str(drawn.head(RUN, total("all", ""), is_current=True, is_unsaved=False))
    assert all(
        part in told for part in ("与草稿一致", "¥371.67", "2025-04-01 至 2025-04-14", "3 天沿用", "林晓")
    )
    stale = str(
        drawn.head(replace(RUN, impact_fen=None), total("all", ""), is_current=False, is_unsaved=True)
    )
    assert "草稿已改" in stale
    assert "不能折合" in stale
    assert "未存的改动" not in stale


def test_no_difference_is_said_and_shows_no_empty_tables() -> None:
    told = said(results())
    assert "没有差别" in told
    assert "得失最多" not in told


def test_a_dearer_merchant_is_named_and_loses() -> None:
    loser = total("merchant", "M00001", draft=DEARER)
    told = said(
        results(whole=total("all", "", draft=DEARER), merchants=Extremes(winners=(), losers=(loser,)))
    )
    assert "没有差别" not in told
    assert all(part in told for part in ("青禾便利店", "−¥3.00", "+¥3.00"))


def test_what_could_not_be_evaluated_is_counted() -> None:
    assert "2 笔（¥2.00）缺当时的事实" in said(results(whole=total("all", "", unread=2)))


def test_a_row_that_never_applies_stands_out_and_leads_to_its_line() -> None:
    told = said(results(coverage=(ROW,)))
    assert "从未" in told
    assert 'data-act="line:fee.x:17"' in told


def test_decisions_that_differ_are_counted_with_precision_and_recall() -> None:
    decided = (
        Decided(released="PASS", draft="REVIEW", label="fraud", payments=7, amount_fen=700, examples=(42,)),
        Decided(released="PASS", draft="", label="", payments=5, amount_fen=500, examples=()),
    )
    quality = (Quality(caught=0, missed=7, disturbed=0), Quality(caught=7, missed=0, disturbed=0))
    told = said(results(decisions=decided, quality=quality))
    assert all(part in told for part in ("7 笔的决定会不同", "/payments/P42", "不能判定", "100 %"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": State.QUEUED, "days_done": 0}, "等候任务进程"),
        ({"state": State.RUNNING, "days_done": 3}, "正在重算"),
        ({"state": State.RUNNING, "days_done": 14}, "正在汇总"),
        ({"state": State.RUNNING, "days_done": 3, "cancel_asked": True}, "正在停止"),
    ],
)
def test_how_far_it_is(changed: dict[str, object], words: str) -> None:
    told = str(drawn.under_way(replace(RUN, **changed)))
    assert words in told
    assert ('data-act="cancel"' in told) is not changed.get("cancel_asked", False)


def test_an_end_without_results_says_why() -> None:
    assert "已算完的 14 天留着" in str(drawn.ended_otherwise(replace(RUN, state=State.CANCELLED)))
    failed = replace(RUN, state=State.FAILED, trouble="<commit> away")
    assert "&lt;commit&gt; away" in str(drawn.ended_otherwise(failed))


@pytest.mark.parametrize("typed", [("", ""), ("2025-04-01", "x"), ("04/01", "04/02")])
def test_what_is_no_date_is_no_period(typed: tuple[str, str]) -> None:
    assert read_period(*typed) is None
