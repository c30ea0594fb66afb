"""The rows of a rule as a spreadsheet: type, paste, add and move rows; findings stand in their cells.

Everything the browser is given passes the gate of `ui.safe`; the few keys that are code are written here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from engine.diagnostics import Diagnostic, Severity
from engine.rulebook import Kind, ShapeName
from ui.components import states
from ui.components.rule_text import RuleText
from ui.components.yaml_editor import words
from ui.editing import grid as grids
from ui.editing.grid import Column, Grid
from ui.i18n import either, language, t
from ui.i18n.ag_grid import locale_text
from ui.icons import icon
from ui.markup import div, show, span
from ui.safe import clean

_WIDTHS = {
    "cell": 150,
    "condition": 460,
    "rate": 84,
    "fen": 100,
    "integer": 84,
    "flag": 76,
    "choice": 110,
    "text": 130,
}
_MOST_WIDTHS = {"condition": 560, "text": 150}
_TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "info"}
_RANK = ("bad", "warn", "info")
# The only code among the options: functions of static/grid.js, none of it from data.
_CODE = {
    ":getRowId": "(params) => String(params.data.n)",
    ":onCellKeyDown": "(params) => haodianGrid.key(params)",
}
_CELL_CODE: dict[str, Any] = {
    ":editable": "(params) => haodianGrid.editable(params)",
    "cellClassRules": {
        ":cell-bad": "(params) => haodianGrid.tone(params) === 'bad'",
        ":cell-warn": "(params) => haodianGrid.tone(params) === 'warn'",
        ":cell-info": "(params) => haodianGrid.tone(params) === 'info'",
        ":locked": "(params) => params.data.locked.includes(params.column.colId)",
        ":same": "(params) => haodianGrid.same(params)",
    },
    ":tooltipValueGetter": "(params) => haodianGrid.told(params)",
}
_PASTE = "(event) => haodianGrid.paste(event, getElement({id}).api, emit)"
_COPY = "(event) => haodianGrid.copy(event, getElement({id}).api)"


class GridView:
    """The grid of one rule's text, built when it is first looked at."""

    def __init__(self, *, model: RuleText, kind: Kind) -> None:
        """Put the toolbar on the page."""
        self._model, self._kind = model, kind
        self._grid: Grid | None = None
        self._sent: list[dict[str, Any]] = []
        self._heads: tuple[Column, ...] = ()
        self._element: ui.aggrid | None = None
        self._at: tuple[int, str] = (0, "")
        self._found: Sequence[Diagnostic] = ()
        with ui.element("div").classes("grid-view"):
            with ui.element("div").classes("grid-tools"):
                self._bar = ui.html("", sanitize=False).classes("grid-bar")
                self._tools()
            self._place = ui.element("div").classes("grid-place")
            self._foot = ui.html("", sanitize=False).classes("grid-foot")

    def show(self, text: str, found: Sequence[Diagnostic]) -> None:
        """Draw the rows of the present text with what was found in them."""
        self._found = found
        grid = grids.read_grid(text, self._kind)
        if grid is None:
            self._forget()
            with self._place:
                show(states.empty(t("grid.unreadable"), t("try.unreadable_hint")))
            return
        marks = grids.findings_by_cell(text, grid, found)
        rows = [_row(grid, number, marks) for number in range(len(grid.rows))]
        if self._element is None or grid.columns != self._heads:
            self._forget()
            self._heads = grid.columns
            self._build(grid, rows)
        else:
            self._send(rows)
        self._grid, self._sent = grid, rows
        self._tell(marks)

    def _forget(self) -> None:
        self._place.clear()
        self._element, self._sent, self._heads, self._grid = None, [], (), None

    def _build(self, grid: Grid, rows: list[dict[str, Any]]) -> None:
        options = {
            "columnDefs": [_number_column(), *(_definition(column) for column in grid.columns)],
            "rowData": clean(rows),
            "rowHeight": 24,
            "headerHeight": 42,
            "autoSizeStrategy": {"type": "fitCellContents"},
            "rowBuffer": 12,
            "animateRows": False,
            "enterNavigatesVertically": True,
            "enterNavigatesVerticallyAfterEdit": True,
            "stopEditingWhenCellsLoseFocus": True,
            "suppressFieldDotNotation": True,
            "enableBrowserTooltips": True,
            "localeText": locale_text(),
            "context": {"canEdit": self._model.can_edit},
            "defaultColDef": {"sortable": False, "resizable": True, "suppressMovable": True},
            **_CODE,
        }
        with self._place:
            self._element = ui.aggrid(options, theme="balham", auto_size_columns=False).classes("rate-grid")
        own = {"id": self._element.id}
        self._element.on("cellValueChanged", self._typed, args=["rowId", "colId", "newValue", "oldValue"])
        self._element.on("cellFocused", self._focused, args=["rowIndex", "colId"])
        self._element.on("paste", self._pasted, js_handler=_PASTE.replace("{id}", str(own["id"])))
        self._element.on("copy", js_handler=_COPY.replace("{id}", str(own["id"])))
        self._element.on("undo-edit", self._model.undo)

    def _send(self, rows: list[dict[str, Any]]) -> None:
        """Give the browser only the rows that differ from what it has."""
        assert self._element is not None
        if len(rows) != len(self._sent):
            self._element.run_grid_method("setGridOption", "rowData", clean(rows))
            self._element.options["rowData"] = rows
            return
        changed = [new for old, new in zip(self._sent, rows, strict=True) if old != new]
        if changed:
            self._element.run_grid_method("applyTransaction", clean({"update": changed}))
            self._element.run_grid_method("refreshCells", {"force": True})

    async def _typed(self, event: GenericEventArguments) -> None:
        row, key, new = (
            int(event.args["rowId"]),
            str(event.args["colId"]),
            str(event.args.get("newValue") or ""),
        )
        await self._edit(lambda text, grid: grids.set_cells(text, grid, {(row, key): new}), again=row)

    async def _pasted(self, event: GenericEventArguments) -> None:
        row, key = int(event.args["row"]), str(event.args["column"])
        said = str(event.args["text"])
        await self._edit(
            lambda text, grid: grids.paste(text, grid, row=row, column=key, block=grids.read_block(said))
        )

    async def _edit(self, change: Callable[[str, Grid], str], *, again: int | None = None) -> None:
        """Make a change of the text; where it is refused, the row shows again what the text says."""

        def changed(text: str) -> str:
            grid = grids.read_grid(text, self._kind)
            return text if grid is None else change(text, grid)

        if await self._model.edit(changed):
            self.show(self._model.text, self._found)
        elif again is not None and self._element is not None and again < len(self._sent):
            self._element.run_grid_method("applyTransaction", clean({"update": [self._sent[again]]}))

    def _focused(self, event: GenericEventArguments) -> None:
        row, key = event.args.get("rowIndex"), event.args.get("colId")
        if isinstance(row, int) and isinstance(key, str):
            self._at = (row, key)
            self._tell_cell()

    def _tools(self) -> None:
        def tool(mark: str, label: str, act: Callable[[], Any]) -> None:
            with ui.button(on_click=act).props("flat").classes("tool") as button:
                show(icon(mark, size=16))
            button.props["aria-label"] = label
            button.tooltip(label)
            button.set_enabled(self._model.can_edit)

        tool("undo", t("edit.undo"), self._model.undo)
        tool("redo", t("edit.redo"), self._model.redo)
        tool("plus", t("grid.add"), self._add)
        tool("up", t("grid.up"), lambda: self._move(-1))
        tool("down", t("grid.down"), lambda: self._move(1))
        tool("close", t("grid.remove"), self._remove)

    async def _add(self) -> None:
        row = self._at[0]
        await self._edit(lambda text, grid: grids.add_row(text, grid, at=row + 1))

    async def _remove(self) -> None:
        row = self._at[0]
        await self._edit(lambda text, grid: grids.remove_rows(text, grid, [row]))

    async def _move(self, by: int) -> None:
        row = self._at[0]
        await self._edit(lambda text, grid: grids.move_row(text, grid, at=row, to=row + by))
        count = len(self._sent)
        if self._element is not None and 0 <= row + by < count and self._at[1]:
            self._at = (row + by, self._at[1])
            self._element.run_grid_method("setFocusedCell", row + by, self._at[1])

    def _tell(self, marks: dict[tuple[int, str], list[Diagnostic]]) -> None:
        assert self._grid is not None
        wrong = sum(one.severity is Severity.ERROR for several in marks.values() for one in several)
        conditions = sum(column.is_condition for column in self._grid.columns)
        told = t(
            "grid.foot",
            rows=len(self._grid.rows),
            inputs=conditions,
            outputs=len(self._grid.columns) - conditions,
        )
        policy = (
            span(t(f"hit.{self._kind.hit_policy.value}")) if self._kind.shape == ShapeName.TABLE else None
        )
        errors = span(icon("alert", size=14), " ", t("grid.wrong", count=wrong), cls="bad") if wrong else None
        self._foot.set_content(
            str(div(span(told), policy, errors, span(cls="grow"), span(t("grid.hint"), cls="f"), cls="row"))
        )
        self._tell_cell()

    def _tell_cell(self) -> None:
        """Show the cell in full and the words of its row above the grid."""
        row, key = self._at
        grid = self._grid
        column = next((one for one in grid.columns if one.key == key), None) if grid is not None else None
        if grid is None or column is None or row >= len(grid.rows):
            self._bar.set_content(str(span(t("grid.choose"), cls="f")))
            return
        told = grids.words_of(grid, self._kind, row=row, key=key, language=language())
        place = span(t("grid.cell", row=row + 1, column=either(column.zh, column.en)), cls="chip info")
        said = span(grid.rows[row][key] or "—", cls="mono grid-said")
        self._bar.set_content(str(div(place, said, span(told, cls="m el"), cls="row")))


def _row(grid: Grid, number: int, marks: dict[tuple[int, str], list[Diagnostic]]) -> dict[str, Any]:
    """Return one row for the browser: its cells, which may not be edited, and what is wrong with each."""
    row: dict[str, Any] = {"n": number, **grid.rows[number]}
    locked = [column.key for column in grid.columns if (number, column.key) in grid.locked]
    tones, told = {}, {}
    for key in ("", *(column.key for column in grid.columns)):
        if found := marks.get((number, key)):
            tones[key or "n"] = min((_TONES[one.severity] for one in found), key=_RANK.index)
            told[key or "n"] = "\n".join(words(one) for one in found)
    return {**row, "locked": locked, "tones": tones, "told": told}


def _number_column() -> dict[str, Any]:
    return {
        "colId": "n",
        "headerName": "",
        "width": 48,
        "pinned": "left",
        "resizable": False,
        ":valueGetter": "(params) => params.data.n + 1",
        "cellClass": "row-no",
        "cellClassRules": _CELL_CODE["cellClassRules"],
        ":tooltipValueGetter": "(params) => params.data.told.n || null",
    }


def _definition(column: Column) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "colId": column.key,
        "field": column.key,
        "headerName": f"{either(column.zh, column.en)}\n{column.name}",
        "headerTooltip": column.name,
        "width": _WIDTHS[column.sort],
        "minWidth": 72,
        "maxWidth": _MOST_WIDTHS.get(column.sort, 200),
        "headerClass": "" if column.is_condition else "outcome",
        "cellClass": "given" if column.is_condition else "outcome",
    }
    if column.sort in ("rate", "fen", "integer"):
        definition["cellClass"] += " ag-right-aligned-cell"
        definition["headerClass"] = "outcome ag-right-aligned-header"
    if column.sort in ("choice", "flag"):
        options = column.options if column.sort == "choice" else ("true", "false")
        definition["cellEditor"] = "agSelectCellEditor"
        definition["cellEditorParams"] = {"values": ["", *options]}
    if column.sort == "condition":
        definition["minWidth"] = 240
    return clean(definition) | _CELL_CODE
