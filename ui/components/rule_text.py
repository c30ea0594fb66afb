"""The text in the editor is the truth: every view edits it through this model, and is drawn from it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from ui.components.yaml_editor import YamlEditor
from ui.editing.splices import EditRefused
from ui.i18n import catalogue, t

_MOST_STEPS = 200


class RuleText:
    """The present text, the edits that views make of it, and the way back from each."""

    def __init__(self, editor: YamlEditor, *, can_edit: bool, language: Callable[[], None]) -> None:
        """Take the editor that holds the text; `language` sets the reader's for the words of a refusal."""
        self.can_edit = can_edit
        self._editor = editor
        self._language = language
        self._one_at_a_time = asyncio.Lock()
        self._done: list[tuple[str, str]] = []
        self._undone: list[tuple[str, str]] = []

    @property
    def text(self) -> str:
        """The text as it stands in the browser."""
        return self._editor.text

    async def edit(self, change: Callable[[str], str]) -> bool:
        """Put what `change` makes of the text in its place; say why where not. Return whether it did."""
        self._language()
        if not self.can_edit:
            return False
        async with self._one_at_a_time:
            before = self.text
            try:
                after = await run_in_threadpool(change, before)
            except EditRefused as refusal:
                ui.notify(refused(refusal), type="info", multi_line=True)
                return False
            if before != self.text:  # typed over in the meantime
                ui.notify(t("edit.overtaken"), type="info")
                return False
            if after != before:
                self._done = [*self._done[-_MOST_STEPS:], (before, after)]
                self._undone.clear()
                self._editor.replace(after)
            return True

    def undo(self) -> None:
        """Take the last edit of a view back, if the text is still what it made."""
        self._step(self._done, self._undone, back=True)

    def redo(self) -> None:
        """Make an edit again that was taken back."""
        self._step(self._undone, self._done, back=False)

    def _step(self, source: list[tuple[str, str]], target: list[tuple[str, str]], *, back: bool) -> None:
        self._language()
        if not source:
            ui.notify(t("edit.nothing_to_undo" if back else "edit.nothing_to_redo"))
            return
        before, after = source[-1]
        if self.text != (after if back else before):
            ui.notify(t("edit.typed_since"), type="info")
            return
        target.append(source.pop())
        self._editor.replace(before if back else after)


def refused(refusal: EditRefused) -> str:
    """Return why an edit was not made."""
    key = f"edit.{str(refusal).lower()}"
    return t(key) if key in catalogue() else t("edit.refused", detail=str(refusal))
