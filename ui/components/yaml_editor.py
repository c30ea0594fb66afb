"""A YAML editor that shows what the checks say: a mark at the line, an underline, the words below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any

from nicegui import ui

from engine.diagnostics import Diagnostic, Severity
from ui.i18n import either

_CLASS = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}


class YamlEditor:
    """The text, its findings, and a bar at every line that differs from the released text."""

    def __init__(
        self,
        text: str,
        *,
        released: str,
        label: str,
        dark: bool,
        on_change: Callable[[], Any],
        on_check: Callable[[], Any],
        can_edit: bool,
    ) -> None:
        """Put the editor on the page; `on_check` runs on Ctrl S."""
        self.released = released
        self.element = ui.codemirror(
            text,
            language="YAML",
            theme="vscodeDark" if dark else "vscodeLight",
            indent="  ",
            on_change=on_change,
            keymap={"Mod-s": lambda: on_check()},
        ).classes("yaml-editor")
        self.element.props["aria-label"] = label
        if not can_edit:
            self.element.disable()

    @property
    def text(self) -> str:
        """The text as it stands in the browser."""
        return self.element.value or ""

    def replace(self, text: str) -> None:
        """Put `text` in the place of what is there."""
        self.element.value = text

    def reveal(self, line: int) -> None:
        """Scroll to a line."""
        self.element.reveal_line(line)

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the findings and the changed lines of the present text."""
        lines = text.split("\n")
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        marks: list[dict[str, Any]] = [
            {"kind": "line", "line": line, "class": "cm-changed"}
            for line in changed_lines(self.released, text)
        ]
        for one in found:
            line = min(one.location.line, len(lines))
            tone = _CLASS[one.severity]
            marks.append({"kind": "line", "line": line, "class": f"cm-{tone}"})
            begin = min(starts[line - 1] + one.location.column - 1, len(text))
            end = min(begin + max(one.length, 1), starts[line - 1] + len(lines[line - 1]))
            if end > begin:
                marks.append({"kind": "mark", "from": begin, "to": end, "class": f"cm-under-{tone}"})
            marks.append(
                {
                    "kind": "widget",
                    "position": starts[line] if line < len(lines) else len(text),
                    "text": words(one),
                    "class": f"cm-words {tone}",
                    "side": -1 if line < len(lines) else 1,
                }
            )
        self.element.decorations = marks
        self.element.line_tooltips = {min(one.location.line, len(lines)): words(one) for one in found}


def words(one: Diagnostic) -> str:
    """Return a finding as a person reads it: what is wrong, its code, what to do."""
    message, hint = either(one.message, one.message_en), either(one.hint, one.hint_en)
    return f"{message}  {one.code}" + (f"\n{hint}" if hint else "")


def changed_lines(old: str, new: str) -> list[int]:
    """Return the lines of `new`, counted from 1, that are not in `old`."""
    matcher = SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    return [
        line + 1
        for tag, _, _, begin, end in matcher.get_opcodes()
        if tag != "equal"
        for line in range(begin, end)
    ]
