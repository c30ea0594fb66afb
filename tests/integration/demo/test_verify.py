"""A day recomputed from its releases: it agrees to the fen, and one fen off is found and named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from haodian import commands
from haodian.settings import Settings, read_settings
from payments_core.database import transaction
from payments_core.rulebooks import ActiveRulebook
from payments_core.settlement.verify import FIGURES, Verified, verify_day

DAYS = (date(2025, 3, 11), date(2025, 3, 12), date(2025, 4, 8), date(2025, 4, 9))


def verified(installation: Any, day: date) -> dict[str, Verified]:
    books = ActiveRulebook(installation.folder / "rulebook.git", installation.engine)
    with transaction(installation.engine) as connection:
        found = verify_day(connection, books, business_date=day)
    assert tuple(one.figure for one in found) == FIGURES
    return {one.figure: one for one in found}


def test_every_figure_of_past_days_is_what_its_release_says(loaded: Any) -> None:
    rows = {name: 0 for name in FIGURES if not name.endswith("_corrected")}  # the demo corrects nothing
    for day in DAYS:
        for name, one in verified(loaded, day).items():
            assert (name, one.differences, one.booked_fen) == (name, (), one.computed_fen)
            if name in rows:
                rows[name] += one.rows
    assert all(rows.values()), rows


def settings_of(installation: Any, home: Path) -> Settings:
    url = installation.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    rules = str(installation.folder / "rulebook.git")
    return read_settings({"HAODIAN_HOME": str(home), "HAODIAN_DATABASE_URL": url, "HAODIAN_RULEBOOK": rules})


def test_the_command_shows_the_day_and_refuses_one_that_differs(
    loaded: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(loaded, tmp_path)
    commands.verify(settings, wanted=None)
    shown = capsys.readouterr().out
    assert "2025-04-09" in shown
    assert "shares" in shown
    with transaction(loaded.engine) as connection:
        connection.execute(text("UPDATE payment SET fee_fen = fee_fen + 1 WHERE merchant_id = 'M00001'"))
    with pytest.raises(commands.Refused):
        commands.verify(settings, wanted=DAYS[0])
    assert "≠" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "column", "figure"),
    [
        ("payment", "fee_fen", "fee"),
        ("payment", "cost_fen", "cost"),
        ("payment", "eligible_margin_fen", "margin"),
        ("refund", "fee_back_fen", "fee_back"),
        ("refund", "cost_back_fen", "cost_back"),
        ("refund", "eligible_margin_delta_fen", "margin_back"),
        ("share_line", "rate_ppm", "rate"),
        ("share_entry", "delta_fen", "share"),
    ],
)
def test_one_fen_off_is_found_and_named(loaded: Any, table: str, column: str, figure: str) -> None:
    day, key = DAYS[3], "business_date = '2025-04-09'"
    chosen = {
        "payment": f"{key} AND eligible_margin_fen > 0",
        "refund": f"{key} AND eligible_margin_delta_fen < 0",
        "share_line": "stream_id IN (SELECT stream_id FROM share_entry WHERE business_date = '2025-04-09')",
        "share_entry": key,
    }[table]
    with transaction(loaded.engine) as connection:
        connection.execute(text("SET session_replication_role = replica"))  # past the append-only triggers
        changed = connection.execute(
            text(
                f"UPDATE {table} SET {column} = {column} + 1 WHERE ctid ="
                f" (SELECT ctid FROM {table} WHERE {chosen} ORDER BY ctid LIMIT 1)"
            )
        )
        assert changed.rowcount == 1
    found = verified(loaded, day)[figure]
    assert [one.booked - one.computed for one in found.differences] == [1]
