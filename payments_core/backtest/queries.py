"""What backtests there are and what came of them. Read on a connection of `scoped_transaction`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, select, text

from payments_core.backtest.errors import RunNotFound
from payments_core.backtest.model import State
from payments_core.backtest.tables import backtest_row, backtest_run, backtest_total
from payments_core.money import RATE, divide
from payments_core.risk import REJECT, REVIEW

FRAUD = "fraud"
Dimension = Literal["all", "day", "city", "district", "store", "broker", "merchant", "party"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A backtest as it was asked for, and how far it is.

    `meaning` is the change's, '' where no draft was asked about; `impact_fen` is what the change moves in a
    month, None where this run cannot tell.
    """

    run_no: int
    title: str
    released_commit: str
    draft_commit: str
    meaning: str
    impact_fen: int | None
    first_date: date
    last_date: date
    scope: Mapping[str, str]
    state: State
    days_done: int
    days_reused: int
    payments_done: int
    cancel_asked: bool
    trouble: str
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None

    @property
    def days_total(self) -> int:
        """The days of its period."""
        return (self.last_date - self.first_date).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Who got what, in fen, refunds taken off; the platform keeps what nobody shares."""

    fee_fen: int
    cost_fen: int
    opener_fen: int
    maintainer_fen: int
    store_fen: int

    @property
    def margin_fen(self) -> int:
        """Fee less channel cost."""
        return self.fee_fen - self.cost_fen

    @property
    def shared_fen(self) -> int:
        """What brokers and stores got of the margin."""
        return self.opener_fen + self.maintainer_fen + self.store_fen

    @property
    def platform_fen(self) -> int:
        """What was left to the platform."""
        return self.margin_fen - self.shared_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One member of a dimension: what was booked, and what the draft would have brought.

    A `party` (`broker:B0001`, `store:S001`) has shares only: what it received. `unread` payments could not be
    evaluated; both sides hold what was booked for them.
    """

    dimension: str
    member: str
    payments: int
    payment_fen: int
    refunds: int
    refund_fen: int
    unread: int
    unread_fen: int
    released: Money
    draft: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A row or risk rule of a changed rule file: how often it applied, to how much money.

    `fraud` and `honest` are those of its hits that are labelled so.
    """

    side: str
    kind: str
    rule_id: str
    version: int
    item: str
    line: int
    name: str
    hits: int
    amount_fen: int
    fraud: int
    honest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Payments that were decided alike, with a few of them; `draft` is '' where it could not be evaluated."""

    released: str
    draft: str
    label: str
    payments: int
    amount_fen: int
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasked:
    """Merchants asked at the end of each day, tasks made, and merchants for whom it cannot be told."""

    rule_id: str
    side: str
    merchants: int
    made: int
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How decisions meet labels: frauds caught and missed, honest payments reviewed or rejected."""

    caught: int
    missed: int
    disturbed: int

    @property
    def precision_ppm(self) -> int | None:
        """The part of what was reviewed or rejected that is fraud; None where nothing was."""
        return _part(self.caught, self.caught + self.disturbed)

    @property
    def recall_ppm(self) -> int | None:
        """The part of the frauds that was reviewed or rejected; None where there are none."""
        return _part(self.caught, self.caught + self.missed)


def get_run(connection: Connection, *, run_no: int) -> Run:
    """Return a backtest. Raises RunNotFound."""
    found = connection.execute(select(backtest_run).where(backtest_run.c.run_no == run_no)).mappings()
    row = found.one_or_none()
    if row is None:
        raise RunNotFound(run_no=run_no)
    return _run(row)


def list_runs(
    connection: Connection, *, title: str | None = None, meaning: str | None = None, limit: int = 50
) -> tuple[Run, ...]:
    """Return the backtests, newest first: of one draft, of one change, or all."""
    query = select(backtest_run).order_by(backtest_run.c.run_no.desc()).limit(limit)
    if title is not None:
        query = query.where(backtest_run.c.title == title)
    if meaning is not None:
        query = query.where(backtest_run.c.meaning == meaning)
    return tuple(_run(row) for row in connection.execute(query).mappings())


def list_unfinished(connection: Connection) -> tuple[int, ...]:
    """Return the runs that wait or were begun and have not ended, oldest first."""
    open_ = backtest_run.c.state.in_([State.QUEUED, State.RUNNING])
    query = select(backtest_run.c.run_no).where(open_).order_by(backtest_run.c.run_no)
    return tuple(connection.execute(query).scalars())


def find_last_day(connection: Connection) -> date | None:
    """Return the last day that a backtest can cover; None where no day is settled."""
    found: date | None = connection.execute(_LAST_DAY).scalar()
    return found


def list_totals(connection: Connection, *, run_no: int, dimension: Dimension) -> tuple[Total, ...]:
    """Return every member of a dimension, by member."""
    query = select(backtest_total).where(
        backtest_total.c.run_no == run_no, backtest_total.c.dimension == dimension
    )
    found = connection.execute(query.order_by(backtest_total.c.member)).mappings()
    return tuple(_total(row) for row in found)


def get_total(connection: Connection, *, run_no: int) -> Total:
    """Return the whole of a backtest that is done. Raises RunNotFound."""
    found = list_totals(connection, run_no=run_no, dimension="all")
    if not found:
        raise RunNotFound(run_no=run_no)
    return found[0]


def list_extremes(
    connection: Connection, *, run_no: int, dimension: Dimension, most: bool, limit: int = 10
) -> tuple[Total, ...]:
    """Return who gains most (`most`) or loses most: the change of what a member pays or receives.

    Parties gain by their shares; a merchant loses by a higher fee; places and days gain margin. Only members
    whose figure changes, the largest change first.
    """
    gain = _GAIN.get(dimension, "(new_fee_fen - new_cost_fen) - (fee_fen - cost_fen)")
    sign = "" if most else "-"
    query = text(
        "SELECT * FROM backtest_total WHERE run_no = :run_no AND dimension = :dimension"
        f" AND {sign}({gain}) > 0 ORDER BY {sign}({gain}) DESC, member LIMIT :limit"
    )
    values = {"run_no": run_no, "dimension": dimension, "limit": limit}
    return tuple(_total(row) for row in connection.execute(query, values).mappings())


def list_coverage(connection: Connection, *, run_no: int) -> tuple[Covered, ...]:
    """Return every row and risk rule of every rule that the draft changes, both sides, in file order."""
    order = (backtest_row.c.kind, backtest_row.c.rule_id, backtest_row.c.side, backtest_row.c.line)
    query = select(backtest_row).where(backtest_row.c.run_no == run_no).order_by(*order)
    names = tuple(field.name for field in fields(Covered))
    return tuple(Covered(**{n: row[n] for n in names}) for row in connection.execute(query).mappings())


def list_decisions(connection: Connection, *, run_no: int) -> tuple[Decided, ...]:
    """Return how many payments were decided how, and how the draft would have: gravest first.

    Empty where the draft leaves risk as it is.
    """
    found = connection.execute(_DECIDED, {"run_no": run_no}).mappings()
    return tuple(Decided(**{**row, "examples": tuple(row["examples"])}) for row in found)


def get_quality(connection: Connection, *, run_no: int) -> tuple[Quality, Quality] | None:
    """Return how well the released and the draft's decisions meet the labels; None where there are none.

    Both are judged on the payments that the draft could be evaluated for.
    """
    judged = [one for one in list_decisions(connection, run_no=run_no) if one.label and one.draft]
    if not judged:
        return None
    released, draft = (
        Quality(
            caught=sum(one.payments for one in judged if one.label == FRAUD and _flags(one, side)),
            missed=sum(one.payments for one in judged if one.label == FRAUD and not _flags(one, side)),
            disturbed=sum(one.payments for one in judged if one.label != FRAUD and _flags(one, side)),
        )
        for side in ("released", "draft")
    )
    return released, draft


def _flags(one: Decided, side: str) -> bool:
    return getattr(one, side) in (REVIEW, REJECT)


def list_tasks(connection: Connection, *, run_no: int) -> tuple[Tasked, ...]:
    """Return what each changed task rule would have made, by rule and side."""
    found = connection.execute(_TASKED, {"run_no": run_no}).mappings()
    return tuple(Tasked(**row) for row in found)


_LAST_DAY = text("""
SELECT max(business_date) FROM business_day b WHERE steps ? 'shares' AND NOT EXISTS (
  SELECT 1 FROM business_day o WHERE NOT o.steps ? 'shares' AND o.business_date < b.business_date)
""")
_TASKED = text("""
SELECT t.rule_id, t.side, sum(t.merchants)::bigint AS merchants, sum(t.made)::bigint AS made,
  sum(t.unread)::bigint AS unread
FROM backtest_run r JOIN backtest_day b ON b.digest = r.digest
  AND b.business_date BETWEEN r.first_date AND r.last_date
JOIN backtest_task t USING (day_no) WHERE r.run_no = :run_no GROUP BY t.rule_id, t.side
ORDER BY t.rule_id, t.side DESC
""")
_DECIDED = text("""
WITH of_run AS (
  SELECT d.* FROM backtest_run r JOIN backtest_day b ON b.digest = r.digest
    AND b.business_date BETWEEN r.first_date AND r.last_date
  JOIN backtest_decision d USING (day_no) WHERE r.run_no = :run_no)
SELECT d.released, d.draft, d.label, sum(d.payments)::bigint AS payments,
  sum(d.amount_fen)::bigint AS amount_fen,
  (SELECT (array_agg(e ORDER BY e))[1:5] FROM of_run o, unnest(o.examples) e
    WHERE (o.released, o.draft, o.label) = (d.released, d.draft, d.label)) AS examples
FROM of_run d GROUP BY d.released, d.draft, d.label
ORDER BY d.released DESC, d.draft DESC, d.label
""")
_GAIN = {
    "merchant": "fee_fen - new_fee_fen",
    "party": (
        "(new_opener_fen + new_maintainer_fen + new_store_fen) - (opener_fen + maintainer_fen + store_fen)"
    ),
}


def _part(count: int, whole: int) -> int | None:
    return divide(count * RATE, whole) if whole else None


def _run(row: RowMapping) -> Run:
    named: dict[str, Any] = {field.name: row[field.name] for field in fields(Run)}
    return Run(**{**named, "state": State(row["state"])})


def _total(row: RowMapping) -> Total:
    released, draft = (
        Money(**{field.name: row[f"{prefix}{field.name}"] for field in fields(Money)})
        for prefix in ("", "new_")
    )
    own = ("dimension", "member", "payments", "payment_fen", "refunds", "refund_fen", "unread", "unread_fen")
    return Total(**{name: row[name] for name in own}, released=released, draft=draft)
