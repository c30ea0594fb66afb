"""Tasks that would have been made, by what was known of merchants at the end of each day."""

from __future__ import annotations

import re

from bench._payments_world import rule_files, rulebook
from payments_core import backtest
from tests.integration.backtest.conftest import Past

VISIT = "rules/task/task.device_offline_visit.yaml"


def draft_when(condition: str) -> object:
    written = re.sub(r"\ntests:.*", "\n", rule_files()[VISIT], flags=re.S)
    written = re.sub(r"^version: (\d+)", lambda m: f"version: {int(m[1]) + 1}", written, flags=re.M)
    written = re.sub(r'from: "[^"]*"', 'from: "2026-01-01T00:00:00+08:00"', written)
    return rulebook({VISIT: re.sub(r'    when: ".*"', f'    when: "{condition}"', written)})


def test_a_trigger_is_asked_with_the_figures_of_each_day(past: Past) -> None:
    """Nobody keeps how long a device was offline; volumes are daily facts."""
    condition = "merchant.gmv_1d_fen >= 500000 && now.day_of_month > 0"
    old, new = past.read(backtest.list_tasks, run_no=past.run(draft_when(condition)))
    assert (old.side, old.made, old.unread, old.merchants) == ("released", 0, 60, 60)
    (made,) = past.rows(
        "SELECT count(*) FROM (SELECT 1 FROM fact_day GROUP BY merchant_id, business_date"
        " HAVING sum(payment_fen) >= 500000) d"
    )
    assert (new.side, new.made, new.unread, new.merchants) == ("draft", made[0], 0, 60)
    assert made[0] > 10


def test_what_decides_by_itself_needs_nothing_else(past: Past) -> None:
    """`false && unknown` is false: only merchants for whom it matters are not evaluated."""
    condition = "merchant.gmv_1d_fen >= 500000 && device.offline_s > 3600"
    _, new = past.read(backtest.list_tasks, run_no=past.run(draft_when(condition)))
    assert new.made == 0
    assert 10 < new.unread < 60
