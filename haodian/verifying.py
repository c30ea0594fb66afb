"""`haodian verify`: a business day recomputed from the releases its rows name, as one table."""

from __future__ import annotations

from datetime import date

from rich.table import Table

from payments_core.money import format_fen
from payments_core.settlement.verify import Verified

SHOWN = 20
_NAMES = {
    "fee": "手续费 fees",
    "cost": "通道成本 costs",
    "margin": "可分毛利 margins",
    "fee_back": "退回手续费 fees returned",
    "cost_back": "退回成本 costs returned",
    "margin_back": "退回毛利 margins returned",
    "fee_corrected": "更正后手续费 fees corrected",
    "cost_corrected": "更正后成本 costs corrected",
    "margin_corrected": "更正后毛利 margins corrected",
    "rate": "分润比例 rates of shares",
    "share": "分润 shares",
}


def table_of(found: tuple[Verified, ...], *, business_date: date) -> Table:
    """Return the figures as booked and as recomputed; the rates are millionths, all else is money."""
    table = Table(title=f"核对 {business_date} verified", title_justify="left", header_style="bold")
    table.add_column("项目 figure")
    for head in ("行数 rows", "账面 booked", "重算 recomputed", "不符 different"):
        table.add_column(head, justify="right")
    for one in found:
        shown = [one.booked_fen, one.computed_fen]
        told = [f"{n:,} ppm" if one.figure == "rate" else format_fen(n) for n in shown]
        table.add_row(_NAMES[one.figure], f"{one.rows:,}", *told, f"{len(one.differences):,}")
    return table


def differences_of(found: tuple[Verified, ...]) -> list[str]:
    """Return a line for each figure that differs, the first few of each, and how many there are more."""
    lines: list[str] = []
    for one in found:
        for found_one in one.differences[:SHOWN]:
            values = f"{found_one.booked:,} ≠ {found_one.computed:,}"
            lines.append(f"{_NAMES[one.figure]}  {found_one.subject}  {values}")
        if len(one.differences) > SHOWN:
            lines.append(f"{_NAMES[one.figure]}  … {len(one.differences) - SHOWN:,}")
    return lines
