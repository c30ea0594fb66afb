"""The views of one text: form, table, YAML, trial, differences, proofs, coverage, history.

Only one is seen; a view is built when it is first looked at and drawn again while it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from nicegui import ui

from engine.diagnostics import Diagnostic
from ui.i18n import t
from ui.markup import Markup

_WIDE = frozenset({"grid"})


class View(Protocol):
    """What a view can do: draw itself of the present text."""

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the present text and what was found in it."""


class Panel:
    """A view that only shows: markup made of the present text."""

    def __init__(self, render: Callable[[str], Markup]) -> None:
        """Put it on the page, empty."""
        self._render = render
        self._html = ui.html("", sanitize=False)

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the present text."""
        self._html.set_content(str(self._render(text)))


class Views:
    """The tabs and their places. The YAML view is always there: it holds the text."""

    def __init__(self, *, chosen: str, around: ui.element) -> None:
        """Begin with the tab that is looked at first; `around` makes room where a view is wide."""
        self._around = around
        self._chosen = chosen
        self._places: dict[str, ui.element] = {}
        self._makers: dict[str, Callable[[], View]] = {}
        self._built: dict[str, View] = {}
        self._last: tuple[str, Sequence[Diagnostic]] | None = None
        self._tabs = ui.tabs().classes("bench-tabs").props("dense no-caps align=left")
        self._tabs.value = chosen
        self._tabs.on_value_change(self._changed)

    def add(self, name: str, make: Callable[[], View]) -> None:
        """Add a view; `make` builds it inside its place once it is looked at."""
        with self._tabs:
            ui.tab(name, t(f"bench.{name}"))
        self._places[name] = ui.element("div").classes("bench-view").mark(f"view-{name}")
        self._places[name].set_visibility(name == self._chosen)
        self._makers[name] = make

    def build(self, name: str) -> View:
        """Return a view, built if it was not."""
        if name not in self._built:
            with self._places[name]:
                self._built[name] = self._makers[name]()
        return self._built[name]

    def look_at(self, name: str) -> None:
        """Change to a tab."""
        self._tabs.value = name

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the view that is looked at; the others when they next are."""
        self._last = (text, found)
        self.build(self._chosen).show(text, found)

    def _changed(self, event: Any) -> None:
        self._chosen = str(event.value)
        for name, place in self._places.items():
            place.set_visibility(name == self._chosen)
        self._around.classes(**{"add" if self._chosen in _WIDE else "remove": "wide"})
        view = self.build(self._chosen)
        if self._last is not None:
            view.show(*self._last)
