"""The tree of the workbench: drawn at once, again when the open rule has errors or somebody's draft does."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import background_tasks, ui
from starlette.concurrency import run_in_threadpool

from engine import releases
from payments_core.rulebooks import Review
from ui import desk
from ui.components import rule_tree
from ui.i18n import language, use_language
from ui.visit import Visit


class RuleTree:
    """The tree beside one open rule."""

    def __init__(
        self, visit: Visit, opened: desk.OpenRule, listed: Sequence[desk.RuleLine], reviews: Sequence[Review]
    ) -> None:
        """Put it on the page."""
        self._visit, self._opened, self._listed = visit, opened, listed
        self._reviewed = frozenset(review.draft for review in reviews if review.is_open)
        self._wrong: set[str] = set()
        self._language = language()
        self._html = ui.html("", sanitize=False).classes("bench-tree")
        self._draw()

    def tell(self, *, is_wrong: bool) -> None:
        """Say whether the open rule's text has errors."""
        path = self._opened.path
        if is_wrong != (path in self._wrong):
            self._wrong ^= {path}
            self._draw()

    def look_for_errors(self) -> None:
        """Check the drafts of other rules while the person works, and mark those with errors."""
        others = [line for line in self._listed if line.drafts and line.rule.path != self._opened.path]
        if others:
            background_tasks.create(self._check(others))

    async def _check(self, lines: Sequence[desk.RuleLine]) -> None:
        found = await run_in_threadpool(_wrong_drafts, self._visit, self._opened, lines)
        if found and not self._html.is_deleted:
            use_language(self._language)
            self._wrong |= found
            self._draw()

    def _draw(self) -> None:
        drawn = rule_tree.drawn(
            self._opened.release,
            self._listed,
            chosen=self._opened.rule.id,
            reviewed=self._reviewed,
            wrong=self._wrong,
            now=self._visit.now,
        )
        self._html.set_content(str(drawn))


def _wrong_drafts(visit: Visit, opened: desk.OpenRule, lines: Sequence[desk.RuleLine]) -> set[str]:
    """Return the paths of the rules of which some draft has an error."""
    wrong = set()
    for line in lines:
        for draft in line.drafts:
            text = releases.read_files(visit.services.repository, draft.commit).get(line.rule.path, "")
            other = desk.OpenRule(release=opened.release, rule=line.rule, draft=draft, text=text)
            if not desk.is_sound(desk.findings(other, text, now=visit.now)):
                wrong.add(line.rule.path)
    return wrong
