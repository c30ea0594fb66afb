"""A list that is searched by a text and one choice in the address, then sorted and paged in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ui.components.data_table import Column, DataTable, Slice, View
from ui.i18n import t
from ui.markup import Markup, tag
from ui.visit import Visit

R = TypeVar("R")


def search(*, page: str, text: str, name: str, chosen: str, values: Sequence[str]) -> Markup:
    """Return the form: a field `q`, and the choice called `name` of one of `values` or all.

    Its words are those of the catalogue under `page`: find, apply, all, `name` and a word a value.
    """
    choices = [("", t(f"{page}.all")), *((value, t(f"{page}.{name}.{value}")) for value in values)]
    options = [
        tag("option", word, value=value, selected=True if value and value == chosen else None)
        for value, word in choices
    ]
    find = t(f"{page}.find")
    return tag(
        "form",
        tag(
            "input",
            name="q",
            value=text,
            cls="input",
            maxlength=60,
            size=28,
            autocomplete="off",
            placeholder=find,
            aria_label=find,
        ),
        tag("select", *options, name=name, cls="input", aria_label=t(f"{page}.{name}")),
        tag("button", t(f"{page}.apply"), type="submit", cls="btn"),
        method="get",
        cls="quick",
    )


def searched(
    visit: Visit,
    query: Callable[..., Sequence[R]],
    *,
    columns: Sequence[Column[R]],
    total: int,
    sort: str,
    empty: tuple[str, str],
    **wanted: Any,
) -> DataTable[R]:
    """Return the table of what `query(connection, sort, descending, offset, limit, **wanted)` brings."""

    async def load(view: View) -> Slice[R]:
        rows = await visit.read(
            query,
            sort=view.sort,
            descending=view.descending,
            offset=view.offset,
            limit=view.size,
            **wanted,
        )
        return Slice(rows=rows, total=total)

    title, hint = empty
    return DataTable(columns=columns, load=load, view=View(sort=sort), empty_title=title, empty_hint=hint)
