"""What the sequence rules find in the demo world, without one event coming too late."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.sequences import Refusal
from payments_core import rulebooks
from payments_core.calendar import SHANGHAI
from payments_core.database import transaction
from payments_core.sequences import Follower


def test_planted_sequences_are_found_and_nothing_comes_late(loaded: Any) -> None:
    refused: list[Refusal] = []
    releases = rulebooks.ActiveRulebook(loaded.folder / "rulebook.git", loaded.engine)
    follower = Follower(engine=loaded.engine, rulebooks=releases, report=refused.append)
    while follower.step(now=datetime(2025, 4, 10, 13, tzinfo=SHANGHAI)).is_behind:
        pass
    follower.close()

    with transaction(loaded.engine) as connection:
        found = {
            (row.rule_id, row.label)
            for row in connection.execute(text("SELECT rule_id, label FROM sequence_match"))
        }
    assert found >= {("seq.device_moved", "掉线后异地上线"), ("seq.refunds", "一日五笔退款")}
    assert refused == []
