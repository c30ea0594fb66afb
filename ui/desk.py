"""The rulebook as one person edits it: which text is released, which is drafted, what a text is worth.

No NiceGUI here. Everything reads git and may take a while: pages call it in a thread. What is released is
the tip of the repository's main branch; the database says which release is in force.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from engine import releases
from engine.diagnostics import Diagnostic, Severity
from engine.releases import Author, BaseChanged, Commit, Draft, NothingChanged, Release
from engine.rulebook import Rule, check_file, parse_rule
from engine.rulebook.differences import rule_differences
from payments_core.calendar import SHANGHAI
from payments_core.errors import NotFound
from payments_core.fees import EVALUATORS
from ui.i18n import either, language

_SCALAR = re.compile(r""""[^"]*"|'[^']*'|[^\s,}#]+""")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]")


class RuleUnknown(NotFound):
    """There is no such rule."""

    code = "RULE_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule of the list: as released, and the drafts that change it."""

    rule: Rule
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRule:
    """One rule file on somebody's desk; `text` is what the editor begins with: the draft's or released."""

    release: Release
    rule: Rule
    draft: Draft | None
    text: str

    @property
    def path(self) -> str:
        """The file in the repository."""
        return self.rule.path

    @property
    def released_text(self) -> str:
        """The text as released."""
        return self.release.files[self.path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that differs between two texts of a rule, in the reader's words (None: it is not there)."""

    where: str
    line: int
    old: str | None
    new: str | None


def released(repository: Path) -> Release:
    """Return the release at the tip of main."""
    return releases.load(path=repository, commit=releases.head(repository))


def list_rules(repository: Path) -> tuple[RuleLine, ...]:
    """Return every released rule by kind and id, each with its drafts."""
    drafts = releases.drafts(repository)
    return tuple(
        RuleLine(rule=rule, drafts=tuple(d for d in drafts if rule.path in d.files))
        for rule in released(repository).rulebook.rules
    )


def open_rule(repository: Path, *, rule_id: str, login: str) -> OpenRule:
    """Return the rule with `login`'s own draft of it, if there is one. Raises RuleUnknown."""
    release = released(repository)
    rule = next((rule for rule in release.rulebook.rules if rule.id == rule_id), None)
    if rule is None:
        raise RuleUnknown
    name = draft_name(rule_id=rule_id, login=login)
    draft = next((d for d in releases.drafts(repository) if d.name == name), None)
    text = release.files[rule.path]
    if draft is not None:
        text = _with_released(repository, draft, rule.path) or text
    return OpenRule(release=release, rule=rule, draft=draft, text=text)


def _with_released(repository: Path, draft: Draft, path: str) -> str | None:
    """Return the draft's text with what was released meanwhile, its own where the two do not go together."""
    own = releases.read_files(repository, draft.commit).get(path)
    if draft.base == releases.head(repository):
        return own
    try:
        return releases.find_change(path=repository, name=draft.name).after.get(path, own)
    except (BaseChanged, NothingChanged):
        return own


def draft_name(*, rule_id: str, login: str) -> str:
    """Return the name of a person's draft of a rule: one person, one rule, one draft."""
    return _UNFIT.sub("-", f"{rule_id}.{login}")[:80]


def findings(desk: OpenRule, text: str, *, now: datetime) -> tuple[Diagnostic, ...]:
    """Return what the checks say of `text` in the place of the rule's file, among all other files."""
    return check_file(
        path=desk.path,
        text=text,
        files=desk.release.files,
        previous=desk.release.rulebook if text != desk.released_text else None,
        evaluators=EVALUATORS,
        now=now,
    )


def is_sound(found: tuple[Diagnostic, ...]) -> bool:
    """Tell whether nothing found is an error."""
    return all(one.severity is not Severity.ERROR for one in found)


def read_rule(desk: OpenRule, text: str) -> Rule | None:
    """Return the rule that `text` says, None where it says none; a text just checked is not read again."""
    kept = desk.release.rulebook.context.last_read.get(desk.path)
    if kept is not None and kept[0] == text:
        return kept[1]
    rule, _ = parse_rule(path=desk.path, text=text, context=desk.release.rulebook.context)
    return rule


def changes(desk: OpenRule, text: str) -> tuple[Change, ...] | None:
    """Return the values in which `text` differs from the released rule, in the order of the file.

    None where `text` says no rule, so that nothing can be compared.
    """
    rule = read_rule(desk, text)
    if rule is None:
        return None
    kind, told = desk.release.rulebook.kinds[rule.kind], language()
    return tuple(
        Change(
            where=one.what.say(language=told),
            line=one.new_line or one.old_line or 1,
            old=one.old.say(language=told) if one.old is not None else None,
            new=one.new.say(language=told) if one.new is not None else None,
        )
        for one in rule_differences(old=desk.rule, new=rule, kind=kind)
    )


def next_version(opened: OpenRule, text: str, *, now: datetime) -> str:
    """Return `text` with the next version number, in force from the coming midnight in Shanghai.

    Only these two values of the released rule are written anew, each in its own place: comments and layout
    stay, and so does what the person has changed. A line that they have changed already is left to them.
    """
    midnight = datetime.combine(now.astimezone(SHANGHAI).date() + timedelta(days=1), time(), SHANGHAI)
    wanted = {
        ("version",): str(opened.release.next_version(opened.rule)),
        ("effective", "from"): f'"{midnight.isoformat()}"',
    }
    released, lines = opened.released_text.split("\n"), text.split("\n")
    for pointer, written in wanted.items():
        place = opened.rule.document.location(pointer)
        old = released[place.line - 1]
        if old in lines:
            value = _SCALAR.match(old, place.column - 1)
            end = value.end() if value else len(old)
            lines[lines.index(old)] = old[: place.column - 1] + written + old[end:]
    return "\n".join(lines)


def save(desk: OpenRule, text: str, *, repository: Path, author: Author, login: str, now: datetime) -> str:
    """Keep `text` as the person's draft; return its commit. Raises NothingChanged, BaseChanged."""
    return releases.save_draft(
        path=repository,
        name=draft_name(rule_id=desk.rule.id, login=login),
        base=desk.draft.base if desk.draft is not None else desk.release.commit,
        changes={desk.path: text},
        author=author,
        message=f"{desk.rule.id}: draft",
        at=now,
    )


def files_by_commit(repository: Path) -> Mapping[str, tuple[str, ...]]:
    """Return which files each released commit changed."""
    return {commit.sha: commit.files for commit in releases.history(path=repository)}


def past_texts(repository: Path, *, path: str) -> tuple[tuple[Commit, str | None], ...]:
    """Return each released commit that changed the file, newest first, with the text it brought."""
    return tuple(
        (commit, releases.read_files(repository, commit.sha).get(path))
        for commit in releases.history(path=repository, file=path)
    )


def kind_title(release: Release, name: str) -> str:
    """Return what a kind is called in the reader's language."""
    kind = release.rulebook.kinds[name]
    return either(kind.title, kind.title_en)
