"""A table whose filter, sort and page run in the database; header and totals stay in view.

The page gives a query function; this gives it a `View` and shows the `Slice` it returns. One delegated
click handler serves every header and page button, so a table costs one NiceGUI element, not one a cell.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from nicegui import events, ui

from ui.components import states
from ui.i18n import t
from ui.icons import icon
from ui.markup import Markup, div, join, span, tag

R = TypeVar("R")
MAX_ROWS_A_PAGE = 200
_DELEGATE = (
    "(e) => { const hit = e.target.closest('[data-act]');"
    " if (hit) { e.preventDefault(); emit(hit.dataset.act); } }"
)


# A generic dataclass cannot be both frozen and slotted in Python 3.11: Column[int](…) would fail.
@dataclass(frozen=True, kw_only=True)
class Column(Generic[R]):
    """One column: `cell` makes the content of a row, `total` that of the totals row."""

    key: str
    head: str
    cell: Callable[[R], object]
    align: Literal["", "r", "c"] = ""
    sortable: bool = False
    total: Callable[[R], object] | None = None
    cls: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the reader wants to see; `page` counts from 0."""

    sort: str = ""
    descending: bool = True
    page: int = 0
    size: int = 50
    text: str = ""

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return self.page * self.size


@dataclass(frozen=True, kw_only=True)
class Slice(Generic[R]):
    """One page of rows, how many there are in all, and one row with the totals of all (not of the page)."""

    rows: Sequence[R]
    total: int
    totals: R | None = None


def table(
    columns: Sequence[Column[R]],
    rows: Sequence[R],
    *,
    totals: R | None = None,
    sort: str = "",
    descending: bool = True,
    live: bool = False,
    loose: bool = False,
    caption: str = "",
) -> Markup:
    """Return the table alone, for rows that are all at hand; `live` makes sortable heads clickable."""
    heads = [_head(column, sort=sort, descending=descending, live=live) for column in columns]
    body = [tag("tr", *(tag("td", column.cell(row), cls=_cls(column)) for column in columns)) for row in rows]
    foot = _foot(columns, totals) if totals is not None else None
    return tag(
        "table",
        tag("caption", caption, cls="hidden-text") if caption else None,
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
        foot,
        cls="tb loose" if loose else "tb",
    )


@dataclass(kw_only=True)
class DataTable(Generic[R]):
    """A live table; call `refresh` after a filter of the page changed."""

    columns: Sequence[Column[R]]
    load: Callable[[View], Awaitable[Slice[R]]]
    view: View = field(default_factory=View)
    empty_title: str = ""
    empty_hint: str = ""
    height_px: int = 0
    box: ui.html = field(init=False)

    async def show(self) -> None:
        """Put the table on the page and load its first rows."""
        self.box = ui.html(str(states.skeleton(height_px=self.height_px or 240, lines=6)), sanitize=False)
        self.box.on("click", self._on_click, js_handler=_DELEGATE)
        await self.refresh()

    async def refresh(self, *, view: View | None = None) -> None:
        """Load and show the rows of `view`, or of the present one."""
        self.view = replace(view or self.view, size=min((view or self.view).size, MAX_ROWS_A_PAGE))
        found = await self.load(self.view)
        self.box.set_content(str(self._markup(found)))

    async def search(self, text: str) -> None:
        """Show the rows that match `text`, from the first page."""
        await self.refresh(view=replace(self.view, text=text, page=0))

    async def _on_click(self, event: events.GenericEventArguments) -> None:
        act, _, value = str(event.args).partition(":")
        if act == "sort" and any(column.key == value and column.sortable for column in self.columns):
            descending = not self.view.descending if self.view.sort == value else True
            await self.refresh(view=replace(self.view, sort=value, descending=descending, page=0))
        elif act == "page" and value.isdigit():
            await self.refresh(view=replace(self.view, page=int(value)))

    def _markup(self, found: Slice[R]) -> Markup:
        if not found.total:
            return states.empty(
                self.empty_title or t("table.empty"), self.empty_hint or t("table.empty_hint")
            )
        inside = table(
            self.columns,
            found.rows,
            totals=found.totals,
            sort=self.view.sort,
            descending=self.view.descending,
            live=True,
        )
        style = f"max-height:{self.height_px}px" if self.height_px else None
        return join(div(inside, cls="grid-box", style=style), self._pages(found))

    def _pages(self, found: Slice[R]) -> Markup:
        first, last = self.view.offset + 1, self.view.offset + len(found.rows)
        told = span(
            t("table.page", first=f"{first:,}", last=f"{last:,}", total=f"{found.total:,}"), cls="f s"
        )
        if found.total <= self.view.size:
            return div(span(cls="grow"), told, cls="tbar")
        back = _page_button("left", t("table.previous"), self.view.page - 1 if self.view.page else None)
        forth = _page_button("right", t("table.next"), self.view.page + 1 if last < found.total else None)
        return div(span(cls="grow"), told, back, forth, cls="tbar")


def _page_button(mark: str, label: str, page: int | None) -> Markup:
    disabled = page is None
    return tag(
        "button",
        icon(mark),
        cls="btn small dis" if disabled else "btn small",
        type="button",
        aria_label=label,
        disabled=disabled,
        data_act=None if disabled else f"page:{page}",
    )


def _head(column: Column[R], *, sort: str, descending: bool, live: bool) -> Markup:
    sorted_here = bool(sort) and column.key == sort
    arrow = (" ↓" if descending else " ↑") if sorted_here else ""
    label: object = join(column.head, arrow)
    if live and column.sortable:
        label = tag("button", label, type="button", data_act=f"sort:{column.key}")
    order = ("descending" if descending else "ascending") if sorted_here else None
    return tag(
        "th",
        label,
        cls=f"{_cls(column)} {'sorted' if sorted_here else ''}".strip(),
        scope="col",
        aria_sort=order,
    )


def _foot(columns: Sequence[Column[R]], totals: R) -> Markup:
    cells = [
        tag("td", column.total(totals) if column.total else None, cls=_cls(column)) for column in columns
    ]
    return tag("tfoot", tag("tr", *cells))


def _cls(column: Column[R]) -> str:
    return f"{column.align} {column.cls}".strip()
