"""A rule on somebody's desk: its next version, what differs, drafts and activation, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import releases
from haodian.checking import read_folder
from ui import desk

ROOT = Path(__file__).parent.parent.parent.parent
NOW = datetime(2025, 4, 15, 2, 30, tzinfo=UTC)  # 10:30 in Shanghai
AUTHOR = releases.Author(name="刘洋", email="ops@haodian")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "rulebook.git"
    releases.create_repository(
        path=path, files=read_folder(ROOT), author=AUTHOR, at=datetime(2025, 3, 1, tzinfo=UTC)
    )
    return path


def opened(repository: Path, rule_id: str = "ps.beijing.default") -> desk.OpenRule:
    return desk.open_rule(repository, rule_id=rule_id, login="ops")


def test_the_next_version_changes_two_values_and_nothing_else(repository: Path) -> None:
    for line in desk.list_rules(repository):
        rule = opened(repository, line.rule.id)
        text = desk.next_version(rule, rule.released_text, now=NOW)
        changed = desk.changes(rule, text)
        assert changed is not None
        assert [(c.where, c.new) for c in changed] == [
            ("版本", str(rule.rule.version + 1)),
            ("生效时间 · 自", "2025-04-16 00:00"),
        ]
        different = [
            o for o, n in zip(rule.released_text.split("\n"), text.split("\n"), strict=True) if o != n
        ]
        assert len(different) == 2
        assert desk.is_sound(desk.findings(rule, text, now=NOW))


def test_the_next_version_keeps_what_the_person_has_typed(repository: Path) -> None:
    rule = opened(repository)
    typed = rule.released_text.replace('rate: "0.24"', 'rate: "0.27"').replace("version: 3", "version: 9")
    text = desk.next_version(rule, typed, now=NOW)
    assert 'rate: "0.27"' in text
    assert "version: 9" in text
    assert '"2025-04-16T00:00:00+08:00"' in text


def test_a_mistake_is_found_at_its_line_and_nothing_can_be_compared(repository: Path) -> None:
    rule = opened(repository)
    text = rule.released_text.replace("merchant.status ==", "merchant.statsu ==")
    found = desk.findings(rule, text, now=NOW)
    assert ("FACT_UNKNOWN", 12) in {(one.code, one.location.line) for one in found}
    assert not desk.is_sound(found)
    assert desk.changes(rule, text) is None


def test_a_change_under_the_same_version_is_refused(repository: Path) -> None:
    rule = opened(repository)
    text = rule.released_text.replace('rate: "0.24"', 'rate: "0.27"')
    assert "VERSION_IMMUTABLE" in {one.code for one in desk.findings(rule, text, now=NOW)}


def test_a_draft_is_found_again_by_its_author_only(repository: Path) -> None:
    rule = opened(repository)
    text = desk.next_version(rule, rule.released_text, now=NOW)
    desk.save(rule, text, repository=repository, author=AUTHOR, login="ops", now=NOW)
    assert opened(repository).text == text
    assert desk.open_rule(repository, rule_id=rule.rule.id, login="ops2").text == rule.released_text
    assert [line.rule.id for line in desk.list_rules(repository) if line.drafts] == [rule.rule.id]


def test_a_rule_nobody_wrote_is_not_found(repository: Path) -> None:
    with pytest.raises(desk.RuleUnknown):
        opened(repository, "ps.nowhere")
