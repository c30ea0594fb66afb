"""Backtests of this installation: which two commits are compared, run here or by the worker, and shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from sqlalchemy import Connection, Engine

from engine.releases import ReleaseError, find_change, head, load
from haodian import speech
from payments_core import backtest, rulebooks
from payments_core.backtest import Money, Period, Question, State, Total
from payments_core.database import Scope, scoped_transaction, transaction
from payments_core.money import format_fen, format_rate

TOP = 5
_EVERYONE = Scope(kind="all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What is held against what: the released commit, and the one with the draft's edits."""

    title: str
    released: str
    draft: str
    meaning: str = ""
    is_whole: bool = False


def compared(repository: Path, *, draft: str | None, commit: str | None) -> Compared:
    """Return the commits behind a draft's name or a commit. Raises what engine.releases raises."""
    if draft is not None:
        change = find_change(path=repository, name=draft)
        return Compared(
            title=draft,
            released=change.released,
            draft=change.merged,
            meaning=change.meaning,
            is_whole=backtest.is_computed(change.files),
        )
    return Compared(title=(commit or "")[:12], released=head(repository), draft=commit or "")


def ask(
    engine: Engine,
    what: Compared,
    *,
    period: Period,
    asked_by: str,
    now: datetime,
    scope: Mapping[str, str] = backtest.EVERYWHERE,
) -> int:
    """Write a backtest for the worker, or for `run`; return its number."""
    with transaction(engine) as connection:
        return backtest.ask(
            connection,
            title=what.title,
            released_commit=what.released,
            draft_commit=what.draft,
            meaning=what.meaning,
            is_whole=what.is_whole,
            period=period,
            scope=scope,
            asked_by=asked_by,
            now=now,
        )


def question_of(run: backtest.Run, repository: Path) -> Question:
    """Return what a run asks. Raises what engine.releases raises for a broken commit."""
    return Question(
        released=load(path=repository, commit=run.released_commit).rulebook,
        draft=load(path=repository, commit=run.draft_commit).rulebook,
        period=Period(first=run.first_date, last=run.last_date),
        scope=run.scope,
    )


def run(
    engine: Engine,
    repository: Path,
    *,
    run_no: int,
    clock: Callable[[], datetime],
    report: backtest.Report = lambda progress: None,
) -> State:
    """Run a backtest to its end, and tell open reviews of the change what it moves.

    Notes and raises what engine.releases raises for a broken commit.
    """
    with transaction(engine) as connection:
        asked = backtest.get_run(connection, run_no=run_no)
    try:
        question = question_of(asked, repository)
    except ReleaseError as error:
        with transaction(engine) as connection:
            backtest.fail(connection, run_no=run_no, trouble=str(error), now=clock())
        raise
    state = backtest.run(engine, run_no=run_no, question=question, clock=clock, report=report)
    with transaction(engine) as connection:
        impact_fen = backtest.find_impact(connection, meaning=asked.meaning)
        if state is State.DONE and impact_fen is not None:
            rulebooks.note_impact(
                connection, meaning=asked.meaning, impact_fen=impact_fen, by=asked.asked_by, now=clock()
            )
    return state


def show(engine: Engine, *, run_no: int) -> None:
    """Show the results of a run that is done."""
    with scoped_transaction(engine, scope=_EVERYONE) as connection:
        for table in _tables(connection, run_no):
            speech.out.print(table)


def as_json(engine: Engine, *, run_no: int) -> str:
    """Return everything a run found, for a machine to read. Amounts are fen."""
    dimensions: tuple[backtest.Dimension, ...] = (
        "all",
        "day",
        "city",
        "district",
        "store",
        "broker",
        "party",
    )
    with scoped_transaction(engine, scope=_EVERYONE) as connection:
        content = {
            "run": asdict(backtest.get_run(connection, run_no=run_no)),
            "totals": {
                name: [_total(one) for one in backtest.list_totals(connection, run_no=run_no, dimension=name)]
                for name in (*dimensions, "merchant")
            },
            "coverage": [asdict(one) for one in backtest.list_coverage(connection, run_no=run_no)],
            "decisions": [asdict(one) for one in backtest.list_decisions(connection, run_no=run_no)],
            "tasks": [asdict(one) for one in backtest.list_tasks(connection, run_no=run_no)],
        }
    return json.dumps(content, ensure_ascii=False, indent=2, default=str)


def _total(total: Total) -> Mapping[str, Any]:
    more = {"margin_fen": "margin_fen", "shared_fen": "shared_fen", "platform_fen": "platform_fen"}
    return {
        **asdict(total),
        **{
            side: {**asdict(money), **{name: getattr(money, name) for name in more}}
            for side, money in (("released", total.released), ("draft", total.draft))
        },
    }


def _tables(connection: Connection, run_no: int) -> list[Table]:
    whole = backtest.get_total(connection, run_no=run_no)
    tables = [
        _money(whole),
        _extremes(connection, run_no, "merchant", "商户 merchants"),
        _extremes(connection, run_no, "party", "分润方 parties"),
    ]
    covered = backtest.list_coverage(connection, run_no=run_no)
    if covered:
        tables.append(_coverage(covered, whole.payment_fen))
    decided = backtest.list_decisions(connection, run_no=run_no)
    if decided:
        tables.append(_decisions(connection, run_no, decided))
    tasks = backtest.list_tasks(connection, run_no=run_no)
    if tasks:
        tables.append(_tasks(tasks))
    return tables


_LINES = (
    ("手续费 fee", "fee_fen"),
    ("通道成本 channel cost", "cost_fen"),
    ("毛利 margin", "margin_fen"),
    ("签约人 openers", "opener_fen"),
    ("维护人 maintainers", "maintainer_fen"),
    ("门店 stores", "store_fen"),
    ("平台 platform", "platform_fen"),
)


def _money(whole: Total) -> Table:
    table = Table(title=f"{whole.payments:,} 笔支付 payments", title_justify="left")
    for name in ("", "已发布 released", "草稿 draft", "变化 change"):
        table.add_column(name, justify="right" if name else "left")
    for title, name in _LINES:
        before, after = getattr(whole.released, name), getattr(whole.draft, name)
        table.add_row(title, format_fen(before), format_fen(after), format_fen(after - before, signed=True))
    if whole.unread:
        table.add_row(f"未能计算 not evaluated: {whole.unread:,}", format_fen(whole.unread_fen), "", "")
    return table


def _extremes(connection: Connection, run_no: int, dimension: backtest.Dimension, title: str) -> Table:
    table = Table(title=f"{title}：得失最多 winners and losers", title_justify="left", show_header=False)
    for most in (True, False):
        found = backtest.list_extremes(connection, run_no=run_no, dimension=dimension, most=most, limit=TOP)
        for one in found:
            gain = _gain(dimension, one.released, one.draft)
            table.add_row("↑" if most else "↓", one.member, format_fen(gain, signed=True))
    return table


def _gain(dimension: str, released: Money, draft: Money) -> int:
    if dimension == "merchant":
        return released.fee_fen - draft.fee_fen
    return draft.shared_fen - released.shared_fen


def _coverage(covered: tuple[backtest.Covered, ...], whole_fen: int) -> Table:
    table = Table(title="覆盖 coverage", title_justify="left")
    for name in ("", "规则 rule", "行 row"):
        table.add_column(name)
    for name in ("次 hits", "金额 amount", "占比 share"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in covered:
        share = format_rate(one.amount_fen * 1_000_000 // whole_fen) if whole_fen else ""
        hits = f"{one.hits:,}" if one.hits else "从未 never"
        rule = f"{one.rule_id}@{one.version}"
        table.add_row(one.side, rule, f"{one.item} {one.name}", hits, format_fen(one.amount_fen), share)
    return table


def _decisions(connection: Connection, run_no: int, decided: tuple[backtest.Decided, ...]) -> Table:
    table = Table(title="风控 risk", title_justify="left")
    for name in ("已发布 released", "草稿 draft", "标签 label", "笔 payments", "例 examples"):
        table.add_column(name)
    for one in decided:
        examples = " ".join(f"P{number}" for number in one.examples[:2])
        said = one.draft or "未能计算 not evaluated"
        table.add_row(one.released, said, one.label, f"{one.payments:,}", examples)
    quality = backtest.get_quality(connection, run_no=run_no)
    for side, one_side in zip(("released", "draft"), quality or (), strict=False):
        precision, recall = (
            "–" if part is None else format_rate(part)
            for part in (one_side.precision_ppm, one_side.recall_ppm)
        )
        table.add_row(side, "", f"准确 precision {precision}", f"召回 recall {recall}", "")
    return table


def _tasks(tasks: tuple[backtest.Tasked, ...]) -> Table:
    table = Table(title="任务 tasks", title_justify="left")
    for name in ("", "规则 rule", "会派 made", "未能计算 not evaluated", "商户·日 merchant days"):
        table.add_column(name)
    for one in tasks:
        table.add_row(one.side, one.rule_id, f"{one.made:,}", f"{one.unread:,}", f"{one.merchants:,}")
    return table
