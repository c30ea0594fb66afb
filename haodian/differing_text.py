"""What `haodian diff` prints: for people, in Chinese or English, or as JSON for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from engine.diagnostics import Language
from engine.rulebook import Rule
from engine.rulebook.prove.compare import Comparison, Effect, Slice, Witness
from haodian.differing import FileChange
from payments_core.calendar import SHANGHAI

EFFECTS = {
    Effect.EQUAL: ("等价", "equal"),
    Effect.DEARER: ("只升", "dearer"),
    Effect.CHEAPER: ("只降", "cheaper"),
    Effect.MIXED: ("有升有降", "mixed"),
    Effect.CHANGED: ("有变化", "changed"),
    Effect.UNDECIDED: ("未能判定", "undecided"),
}


def as_text(changes: Sequence[FileChange], *, language: Language) -> str:
    """Return every change as people read it; one line where nothing differs."""
    if not changes:
        return "没有差异" if language == "zh" else "no differences"
    return "\n\n".join("\n".join(_file(change, language)) for change in changes)


def as_json(changes: Sequence[FileChange]) -> str:
    """Return every change with both languages, amounts in fen, rates in millionths."""
    shown = [_file_json(change) for change in changes]
    return json.dumps(shown, ensure_ascii=False, indent=2, default=str)


def _file(change: FileChange, language: Language) -> Iterator[str]:
    zh = language == "zh"
    yield f"{change.path}  {_versions(change, zh=zh)}".rstrip()
    yield from (f"  {finding.render(None, language=language)}" for finding in change.findings)
    yield from (f"  {line}" for line in change.plain.splitlines())
    for line in change.lines:
        number = line.new_line if line.new_line is not None else line.old_line
        mark = "+" if line.old_line is None else "-" if line.new_line is None else " "
        yield f"  {mark}{number:>4}  {line.words(language=language)}"
    for since, comparison in change.comparisons:
        yield from _comparison(comparison, since, language)


def _versions(change: FileChange, *, zh: bool) -> str:
    if change.old is not None and change.new is not None:
        return f"{change.new.title}  v{change.old.version} → v{change.new.version}"
    if change.new is not None:
        return f"{'新增' if zh else 'added'}  {change.new.title}  v{change.new.version}"
    if change.old is not None:
        return f"{'删除' if zh else 'removed'}  {change.old.title}  v{change.old.version}"
    return ""


def _comparison(comparison: Comparison, since: datetime, language: Language) -> Iterator[str]:
    zh = language == "zh"
    about, day = comparison.about.say(language=language), f"{since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    yield (
        f"  {about}（{day} 起）：{_effect(comparison.whole, zh=zh)}"
        if zh
        else (f"  {about} from {day} on: {_effect(comparison.whole, zh=zh)}")
    )
    yield from (f"    {witness.words(language=language)}" for witness in comparison.whole.witnesses)
    yield from (f"    {one.say(language=language)}" for one in comparison.settings)
    for one in comparison.slices:
        shown = " · ".join(_outcomes(witness, language) for witness in one.witnesses)
        yield f"    {one.name.say(language=language)}  {_effect(one, zh=zh)}  {shown}".rstrip()


def _effect(one: Slice, *, zh: bool) -> str:
    said = EFFECTS[one.effect][0 if zh else 1]
    return f"{said} ({one.reason})" if one.reason else said


def _outcomes(witness: Witness, language: Language) -> str:
    return f"{witness.old.said.say(language=language)} → {witness.new.said.say(language=language)}"


def _file_json(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "old": _rule_json(change.old),
        "new": _rule_json(change.new),
        "lines": [
            {
                "old_line": line.old_line,
                "new_line": line.new_line,
                "pointer": list(line.pointer),
                "zh": line.words(language="zh"),
                "en": line.words(language="en"),
            }
            for line in change.lines
        ],
        "comparisons": [
            {
                "since": since.isoformat(),
                "about": {"zh": comparison.about.zh, "en": comparison.about.en},
                "whole": _slice_json(comparison.whole),
                "slices": [_slice_json(one) for one in comparison.slices],
                "settings": [{"zh": one.zh, "en": one.en} for one in comparison.settings],
            }
            for since, comparison in change.comparisons
        ],
        "plain": change.plain,
        "findings": [finding.render(None, language="en") for finding in change.findings],
    }


def _rule_json(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {"kind": rule.kind, "id": rule.id, "version": rule.version, "title": rule.title}


def _slice_json(one: Slice) -> dict[str, Any]:
    return {
        "fact": one.fact.name if one.fact is not None else None,
        "value": one.value,
        "effect": one.effect.value,
        "reason": one.reason,
        "witnesses": [
            {
                "facts": dict(witness.facts),
                "old": {
                    "amounts": witness.old.amounts,
                    "lines": witness.old.lines,
                    "en": witness.old.said.en,
                },
                "new": {
                    "amounts": witness.new.amounts,
                    "lines": witness.new.lines,
                    "en": witness.new.said.en,
                },
            }
            for witness in one.witnesses
        ],
    }
