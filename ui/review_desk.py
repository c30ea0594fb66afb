"""Reviews as pages see them: who is asking, what a change alters, what is still missing.

No NiceGUI here. What is read from git is read as it is now, so an edit after the request is seen at once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from engine import releases
from engine.releases import NothingChanged, ReleaseError
from engine.rulebook import parse_rule
from engine.rulebook.prove.compare import Comparison, compare_over_time
from payments_core import rulebooks
from payments_core.access import Person
from payments_core.fees import EVALUATORS
from payments_core.rulebooks import Actor, Desk, Review
from ui import backtest_desk, desk
from ui.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file of a change; `values` are told where both sides are the same rule, else only the lines."""

    path: str
    before: str | None
    after: str | None
    values: tuple[desk.Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A review and its change as they are now.

    `needed` and `missing` are roles; `is_void` tells that the draft was edited since, `problem` is the code
    of what keeps the change from being read.
    """

    review: Review
    files: tuple[FileChange, ...]
    writers: frozenset[str]
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    is_void: bool
    problem: str


def actor(person: Person) -> Actor:
    """Return the person as reviews name them."""
    return Actor(login=person.login, name=person.name, role=person.role.value)


def desk_of(services: Services) -> Desk:
    """Return what the steps of a review work with."""
    return Desk(repository=services.repository, evaluators=EVALUATORS, sign=services.sign)


def request_review(
    connection: Connection,
    *,
    services: Services,
    opened: desk.OpenRule,
    text: str,
    person: Person,
    title: str,
    reason: str,
    now: datetime,
) -> int:
    """Save `text` as the person's draft and ask for its review; return its number."""
    by = actor(person)
    with suppress(NothingChanged):
        desk.save(opened, text, repository=services.repository, author=by.author, login=person.login, now=now)
    name = desk.draft_name(rule_id=opened.rule.id, login=person.login)
    return rulebooks.request_review(
        connection,
        desk=desk_of(services),
        draft=name,
        by=by,
        title=title,
        reason=reason,
        impact_fen=backtest_desk.impact_of(connection, services=services, draft=name),
        now=now,
    )


def look_at(services: Services, review: Review) -> Sight:
    """Return the review with its change as the draft and main are now."""
    if not review.is_open:
        return _sight(review, problem="")
    own = desk_of(services)
    try:
        change = None
        if review.rolls_back_to is None:
            change = releases.find_change(path=services.repository, name=review.draft)
        needed = rulebooks.needed_for(own, review, change=change)
        missing = rulebooks.outstanding_for(own, review, change=change)
    except ReleaseError as error:
        return _sight(review, problem=error.code)
    if change is None:
        files = _way_back(services.repository, review.commit)
        return _sight(review, files=files, needed=needed, missing=missing)
    files = tuple(
        _file(services.repository, change.released, path, change.before[path], change.after[path])
        for path in change.files
    )
    void = change.meaning != review.meaning
    return _sight(review, files=files, needed=needed, missing=missing, is_void=void, writers=change.writers)


def comparisons(services: Services, review: Review) -> tuple[tuple[datetime, Comparison], ...]:
    """Return how each changed rule compares with the released one: since when, and how. Takes a while."""
    repository = services.repository
    if review.rolls_back_to is not None:
        released, after = releases.head(repository), releases.read_files(repository, review.commit)
    else:
        change = releases.find_change(path=repository, name=review.draft)
        released, after = change.released, change.after
    book = releases.load(path=repository, commit=released).rulebook
    found: list[tuple[datetime, Comparison]] = []
    for old in book.rules:
        text = after.get(old.path)
        if text == old.document.text:
            continue
        new = parse_rule(path=old.path, text=text, context=book.context)[0] if text is not None else None
        if new is not None:
            kind = book.kinds[old.kind]
            found += compare_over_time(old=old, new=new, kind=kind, evaluators=EVALUATORS)
    return tuple(found)


def _sight(
    review: Review,
    *,
    files: tuple[FileChange, ...] = (),
    needed: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    writers: frozenset[str] = frozenset(),
    is_void: bool = False,
    problem: str = "",
) -> Sight:
    writers |= {f"{review.author}@haodian"}
    return Sight(
        review=review,
        files=files,
        writers=writers,
        needed=needed,
        missing=missing,
        is_void=is_void,
        problem=problem,
    )


def _way_back(repository: Path, commit: str) -> tuple[FileChange, ...]:
    """Return what going back to an earlier release alters in the files that are released now."""
    released = releases.head(repository)
    before, after = (releases.read_files(repository, one) for one in (released, commit))
    return tuple(
        _file(repository, released, path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _file(repository: Path, released: str, path: str, before: str | None, after: str | None) -> FileChange:
    release = releases.load(path=repository, commit=released)
    rule = next((rule for rule in release.rulebook.rules if rule.path == path), None)
    values: tuple[desk.Change, ...] = ()
    if rule is not None and after is not None:
        read, _ = parse_rule(path=path, text=after, context=release.rulebook.context)
        opened = desk.OpenRule(release=release, rule=rule, draft=None, text=after)
        values = (desk.changes(opened, after) or ()) if read is not None else ()
    return FileChange(path=path, before=before, after=after, values=values)
