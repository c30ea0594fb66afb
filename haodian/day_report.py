"""What happened on a business day, as one table: money in, risk, price, shares, settlement, proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.table import Table
from sqlalchemy import Connection, RowMapping, text

from payments_core.ledger import Proof, prove
from payments_core.money import format_fen

Line = tuple[str, str, str]


def day_table(connection: Connection, *, business_date: date) -> tuple[Table, Proof]:
    """Return the table of a settled business date, and the proof of its books."""
    proof = prove(connection, business_date=business_date)
    table = Table(title=f"营业日 {business_date} business day", title_justify="left", header_style="bold")
    table.add_column("项目 item")
    table.add_column("笔数 count", justify="right")
    table.add_column("金额 amount", justify="right")
    sections = (
        _payments(connection, business_date),
        _risk(connection, business_date),
        _price(connection, business_date),
        _shares(connection, business_date),
        _settlement(connection, business_date),
        _proof(proof),
    )
    for lines in sections:
        for line in lines:
            table.add_row(*line)
        table.add_section()
    return table, proof


def _payments(connection: Connection, day: date) -> Iterator[Line]:
    row = _one(connection, _PAYMENTS, day)
    yield "支付成功 payments", _count(row["paid"]), format_fen(row["paid_fen"])
    yield "支付失败 failed", _count(row["failed"]), ""
    yield "退款 refunds", _count(row["refunds"]), format_fen(-row["refund_fen"])


def _risk(connection: Connection, day: date) -> Iterator[Line]:
    names = {"PASS": "风控通过 pass", "REVIEW": "风控复核 review", "REJECT": "风控拒绝 reject"}
    found = {row["decision"]: row for row in connection.execute(text(_RISK), {"day": day}).mappings()}
    for decision, name in names.items():
        row = found.get(decision)
        yield name, _count(row["n"] if row else 0), format_fen(row["fen"]) if row else format_fen(0)


def _price(connection: Connection, day: date) -> Iterator[Line]:
    row = _one(connection, _PAYMENTS, day)
    yield "手续费 fee", "", format_fen(row["fee_fen"])
    yield "通道成本 cost", "", format_fen(-row["cost_fen"])
    yield "毛利 margin", "", format_fen(row["fee_fen"] - row["cost_fen"])


def _shares(connection: Connection, day: date) -> Iterator[Line]:
    total_fen = 0
    for row in connection.execute(text(_SHARES), {"day": day}).mappings():
        total_fen += row["fen"]
        name = "门店分润 store" if row["level"] is None else f"经纪人 {row['level']} broker"
        yield name, _count(row["parties"]), format_fen(row["fen"])
    margin = _one(connection, _PAYMENTS, day)
    yield "平台留存 platform", "", format_fen(margin["fee_fen"] - margin["cost_fen"] - total_fen)


def _settlement(connection: Connection, day: date) -> Iterator[Line]:
    row = _one(connection, _SETTLEMENTS, day)
    yield "应结算 planned", _count(row["merchants"]), format_fen(row["plan_fen"])
    yield "止付 held", "", format_fen(-row["hold_fen"])
    yield "结转 carried over", "", format_fen(row["carried_in_fen"] - row["carried_out_fen"])
    yield "划付 paid out", _count(row["payouts"]), format_fen(row["real_fen"])


CLAIMS = {
    "debits_equal_credits": "借贷相等",
    "balances_are_sums_of_transfers": "余额等于流水之和",
    "payments_have_their_legs": "每笔支付的分录齐全",
    "refunds_have_their_legs": "每笔退款的分录齐全",
    "corrections_have_their_legs": "每笔更正的分录齐全",
    "shares_are_posted": "分润已入账",
    "margins_are_shared": "毛利已分配",
    "payouts_are_posted": "划付已入账",
    "holds_are_reserved": "止付已预留",
}


def _proof(proof: Proof) -> Iterator[Line]:
    for check in proof.checks:
        mark = "[green]✓ 相符[/]" if check.passed else "[red]✗ 不符[/]"
        words = check.name.replace("_", " ")
        yield f"{CLAIMS.get(check.name, '账本')} {words}", _count(check.examined), mark


def _one(connection: Connection, sql: str, day: date) -> RowMapping:
    return connection.execute(text(sql), {"day": day}).mappings().one()


def _count(number: int) -> str:
    return f"{number:,}"


_CREATED = "created_at >= (:day)::date AT TIME ZONE 'Asia/Shanghai'" + (
    " AND created_at < ((:day)::date + 1) AT TIME ZONE 'Asia/Shanghai'"
)
_PAYMENTS = f"""
SELECT p.paid, p.paid_fen, r.refunds, r.refund_fen, f.failed, p.fee - r.fee_back + c.fee AS fee_fen,
  p.cost - r.cost_back + c.cost AS cost_fen FROM
  (SELECT count(*) AS paid, coalesce(sum(settle_amount_fen), 0)::bigint AS paid_fen,
     coalesce(sum(fee_fen), 0)::bigint AS fee, coalesce(sum(cost_fen), 0)::bigint AS cost
   FROM payment WHERE business_date = :day) p,
  (SELECT count(*) AS refunds, coalesce(sum(amount_fen), 0)::bigint AS refund_fen,
     coalesce(sum(fee_back_fen), 0)::bigint AS fee_back, coalesce(sum(cost_back_fen), 0)::bigint AS cost_back
   FROM refund WHERE business_date = :day) r,
  (SELECT coalesce(sum(fee_delta_fen), 0)::bigint AS fee, coalesce(sum(cost_delta_fen), 0)::bigint AS cost
   FROM correction WHERE business_date = :day) c,
  (SELECT count(*) AS failed FROM payment WHERE state IN ('FAILED', 'CLOSED', 'REVOKED') AND {_CREATED}) f
"""
_RISK = f"""
SELECT risk_decision AS decision, count(*) AS n, sum(amount_fen)::bigint AS fen
FROM payment WHERE {_CREATED} GROUP BY 1
"""
_SHARES = """
SELECT b.level, count(DISTINCT e.party_id) AS parties, sum(e.delta_fen)::bigint AS fen
FROM share_entry e LEFT JOIN broker b ON e.party_kind = 'broker' AND b.broker_id = e.party_id
WHERE e.business_date = :day GROUP BY b.level ORDER BY b.level NULLS LAST
"""
_SETTLEMENTS = """
SELECT s.*, p.payouts FROM
  (SELECT count(*) AS merchants, coalesce(sum(plan_fen), 0)::bigint AS plan_fen,
     coalesce(sum(hold_fen), 0)::bigint AS hold_fen, coalesce(sum(real_fen), 0)::bigint AS real_fen,
     coalesce(sum(carried_in_fen), 0)::bigint AS carried_in_fen,
     coalesce(sum(carried_out_fen), 0)::bigint AS carried_out_fen
   FROM settlement WHERE business_date = :day) s,
  (SELECT count(*) AS payouts FROM payout WHERE business_date = :day) p
"""
