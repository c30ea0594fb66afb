"""A rule's rows as a grid: columns from its inputs and outputs, cells as texts, edits as splices.

    grid = read_grid(text, kind)
    text = set_cells(text, grid, {(3, "rate"): "0.45%"})
    text = paste(text, grid, row=0, column="c0", block=read_block(clipboard))

Every cell is a text and stays one: nothing that is pasted is ever evaluated. Rates may be typed `0.38%` or
`0.0038`; amounts of outputs are in yuan, as their heads say, cells of conditions as docs/rules.md has them.
"""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.diagnostics import Diagnostic, Language, Location
from engine.expressions import FactType, compile_condition, condition_of
from engine.rulebook import Kind, ShapeName
from engine.rulebook.cells import CellUnclear, read_cell
from engine.rulebook.grid import is_always
from ui.editing import schema as schemas
from ui.editing.amounts import shown_fen, shown_rate, typed_fen, typed_int, typed_rate
from ui.editing.layout import Plain, Pointer, Span, Unreadable, read_layout
from ui.editing.places import locate
from ui.editing.splices import EditRefused, insert, move, put, remove
from ui.editing.writing import written
from ui.i18n import catalogue

MOST_ROWS, MOST_COLUMNS = 2000, 40
ANYTHING = "-"
Sort = Literal["cell", "condition", "rate", "fen", "integer", "flag", "choice", "text"]
# What a field of a form is edited as in a cell of the grid; anything else as text.
_SORTS: Mapping[str, Sort] = {
    "rate": "rate",
    "fen": "fen",
    "integer": "integer",
    "flag": "flag",
    "choice": "choice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `key` names it to the browser, `place` is where its value stands within a row."""

    key: str
    place: Pointer
    zh: str
    en: str
    name: str
    sort: Sort
    options: tuple[str, ...] = ()

    @property
    def is_condition(self) -> bool:
        """Whether it says when a row holds."""
        return self.sort in ("cell", "condition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The rows of one text: `rows` hold each cell's text by column key; `locked` cells are no scalars."""

    at: Pointer
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, str], ...]
    locked: frozenset[tuple[int, str]]
    types: Mapping[str, FactType]

    def column(self, key: str) -> Column:
        """Return a column by its key. Raises EditRefused for a key that no column has."""
        for one in self.columns:
            if one.key == key:
                return one
        raise EditRefused(f"no column {key}")


def read_grid(text: str, kind: Kind) -> Grid | None:
    """Return the grid of a text, None where its kind has no rows or the text cannot be read."""
    if kind.shape == ShapeName.DEFINITION:
        return None
    try:
        document: Any = read_layout(text).value
    except Unreadable:
        return None
    at: Pointer = ("spec", "rows" if kind.shape == ShapeName.TABLE else "rules")
    spec: Any = document.get("spec") if isinstance(document, dict) else None
    rows = spec.get(at[1]) if isinstance(spec, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    inputs = spec.get("inputs") if isinstance(spec.get("inputs"), list) else []
    # The id and the name of a scored rule come first, so that one knows which it is.
    leading = ("o_id", "o_label") if kind.shape == ShapeName.SCORED else ()
    columns = sorted(
        (*_conditions(inputs, rows, kind), *_outputs(rows, kind, at)),
        key=lambda column: column.key not in leading,
    )
    locked = set()
    shown = []
    for number, row in enumerate(rows):
        cells = {}
        for column in columns:
            value = _find(row, column.place)
            cells[column.key] = _shown(value, column)
            if isinstance(value, (dict, list)):
                locked.add((number, column.key))
        shown.append(cells)
    types = {name: kind.vocabulary.facts[name].type for name in inputs if name in kind.vocabulary.facts}
    return Grid(at=at, columns=tuple(columns), rows=tuple(shown), locked=frozenset(locked), types=types)


def set_cells(text: str, grid: Grid, typed: Mapping[tuple[int, str], str]) -> str:
    """Return the text with these cells as typed; an empty output is taken away. Raises EditRefused."""
    values: dict[Pointer, Plain] = {}
    gone: list[Pointer] = []
    layout = read_layout(text)
    for (row, key), said in typed.items():
        column = grid.column(key)
        if (row, key) in grid.locked:
            raise EditRefused("LOCKED")
        place = (*grid.at, row, *column.place)
        if said.strip() == "" and not column.is_condition:
            gone += [place] if layout.find(place) is not None else []
        elif column.sort == "cell" and layout.find(place) is None:
            raise EditRefused("NO_CELLS")
        else:
            values[place] = _typed(said, column, grid, layout.find(place))
    order = tuple(dict.fromkeys(str(column.place[0]) for column in grid.columns))
    return remove(put(text, values, order=order), *gone)


def add_row(text: str, grid: Grid, *, at: int) -> str:
    """Return the text with a further row at a position.

    It says what the row above says, so that it changes nothing before it is edited, and stands above a
    last row that holds always.
    """
    rows: Any = read_layout(text).at(grid.at).value
    if rows and at >= len(rows) and is_always(rows[-1]):
        at = len(rows) - 1
    return insert(text, grid.at, at=at, values=[_new_row(rows, grid, max(at - 1, 0))])


def remove_rows(text: str, grid: Grid, rows: Iterable[int]) -> str:
    """Return the text without these rows."""
    return remove(text, *((*grid.at, row) for row in rows))


def move_row(text: str, grid: Grid, *, at: int, to: int) -> str:
    """Return the text with a row at another position."""
    return move(text, grid.at, at=at, to=to)


def read_block(clipboard: str) -> list[list[str]]:
    """Return the cells of what a spreadsheet put on the clipboard: tabs, line ends, quotes round either."""
    lines = csv.reader(io.StringIO(clipboard.replace("\r\n", "\n").replace("\r", "\n")), delimiter="\t")
    try:
        block = [[cell.replace("\x00", "") for cell in line] for line in lines]
    except csv.Error as error:
        raise EditRefused("BLOCK_UNREADABLE") from error
    if len(block) > MOST_ROWS or max(map(len, block), default=0) > MOST_COLUMNS:
        raise EditRefused("BLOCK_TOO_LARGE")
    return [line or [""] for line in block]


def paste(text: str, grid: Grid, *, row: int, column: str, block: Sequence[Sequence[str]]) -> str:
    """Return the text with a block of cells from (row, column) on; rows that are not there are added.

    A first line that repeats the heads is left out, as are columns beyond the last.
    """
    keys = [one.key for one in grid.columns]
    first = grid.columns[keys.index(grid.column(column).key) :]
    if block and _is_heads(block[0], first):
        block = block[1:]
    if row + len(block) > MOST_ROWS:
        raise EditRefused("BLOCK_TOO_LARGE")
    missing = row + len(block) - len(grid.rows)
    if missing > 0:
        rows: Any = read_layout(text).at(grid.at).value
        new = [_new_row(rows, grid, len(rows)) for _ in range(missing)]
        text = insert(text, grid.at, at=len(grid.rows), values=new)
    typed = {
        (row + down, one.key): cell
        for down, line in enumerate(block)
        for one, cell in zip(first, line, strict=False)
    }
    return set_cells(text, grid, typed)


def findings_by_cell(
    text: str, grid: Grid, found: Iterable[Diagnostic]
) -> dict[tuple[int, str], list[Diagnostic]]:
    """Return the findings that stand within the rows by cell; column "" is the row as a whole."""
    depth = len(grid.at)
    placed: dict[tuple[int, str], list[Diagnostic]] = {}
    for pointer, one in locate(text, found):
        if pointer[:depth] == grid.at and len(pointer) > depth:
            within = pointer[depth + 1 :]
            column = next((one for one in grid.columns if one.place == within[: len(one.place)]), None)
            cell = (int(pointer[depth]), column.key if column is not None else "")
            placed.setdefault(cell, []).append(one)
    return placed


def words_of(grid: Grid, kind: Kind, *, row: int, key: str, language: Language) -> str:
    """Return what a cell of a condition says in words; of any other cell, when its row holds."""
    cells = grid.rows[row]
    chosen = grid.column(key)
    columns = [chosen] if chosen.is_condition else [column for column in grid.columns if column.is_condition]
    said = [_condition_words(column, cells[column.key], kind, language) for column in columns]
    return ("；" if language == "zh" else "; ").join(one for one in said if one)


def _condition_words(column: Column, cell: str, kind: Kind, language: Language) -> str:
    """The words of one cell; nothing for one that holds for anything or cannot be read."""
    place = Location(file="", line=1, column=1)
    if column.sort == "condition":
        condition, _ = compile_condition(source=cell, vocabulary=kind.vocabulary, location=place)
        return condition.words(language=language) if condition is not None and cell else ""
    fact = kind.vocabulary.facts.get(column.name)
    try:
        tree = read_cell(cell, fact) if fact is not None and cell else None
    except CellUnclear:
        return ""
    return condition_of(tree=tree, location=place).words(language=language) if tree is not None else ""


def _conditions(inputs: Sequence[Any], rows: Sequence[Any], kind: Kind) -> list[Column]:
    facts = kind.vocabulary.facts
    columns = [
        Column(
            key=f"c{position}",
            place=("in", position),
            zh=facts[name].title if name in facts else str(name),
            en=facts[name].title_en if name in facts else str(name),
            name=str(name),
            sort="cell",
        )
        for position, name in enumerate(inputs)
    ]
    if not inputs or any("when" in row for row in rows):
        zh, en = catalogue()["grid.condition"]
        columns.append(Column(key="when", place=("when",), zh=zh, en=en, name="when", sort="condition"))
    return columns


def _outputs(rows: Sequence[Any], kind: Kind, at: Pointer) -> list[Column]:
    fields = schemas.properties(schemas.at(kind.schema.schema, (*at, 0)))
    names = [name for name in fields if name not in ("in", "when")]
    if kind.shape == ShapeName.TABLE:
        names = [name for name in names if name in kind.outputs]
    columns = []
    for name in names:
        if schemas.sort_of(fields[name], name) in ("group", "list") and not any(name in row for row in rows):
            continue  # a grid cannot write one, so it need not show that there is none
        zh, en = schemas.titles(fields[name], name)
        sort = schemas.sort_of(fields[name], name)
        if sort == "fen":
            zh, en = (
                text.format(title=title)
                for text, title in zip(catalogue()["grid.in_yuan"], (zh, en), strict=True)
            )
        columns.append(
            Column(
                key=f"o_{name}",
                place=(name,),
                zh=zh,
                en=en,
                name=name,
                sort=_SORTS.get(sort, "text"),
                options=tuple(map(str, fields[name].get("enum", ()))),
            )
        )
    return columns


def _find(row: Plain, place: Pointer) -> Plain:
    for step in place:
        if isinstance(step, int):
            row = row[step] if isinstance(row, list) and step < len(row) else None
        else:
            row = row.get(step) if isinstance(row, dict) else None
    return row


def _shown(value: Plain, column: Column) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return written(value)
    if column.sort == "rate" and isinstance(value, str):
        return shown_rate(value)
    if column.sort == "fen":
        return shown_fen(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _typed(said: str, column: Column, grid: Grid, old: Span | None) -> Plain:
    text = said.strip()
    if column.sort == "rate":
        return typed_rate(text, like=old.value if old is not None else None)
    if column.sort == "fen":
        return typed_fen(text)
    if column.sort == "integer":
        return typed_int(text)
    if column.sort == "flag":
        return {"true": True, "false": False}.get(text.lower(), text)
    if column.sort != "cell":
        return text
    if not text:
        return ANYTHING
    if grid.types.get(column.name) == FactType.INT:
        return typed_int(text) if "," not in text else text
    if grid.types.get(column.name) == FactType.BOOL and text in ("true", "false"):
        return text == "true"
    return text


def _new_row(rows: Sequence[Any], grid: Grid, like: int) -> Plain:
    """A row as its neighbour; without any, one that never holds."""
    if rows:
        copied: Plain = copy.deepcopy(rows[min(like, len(rows) - 1)])
        return copied
    cells: list[Plain] = [ANYTHING for column in grid.columns if column.sort == "cell"]
    return {"in": cells} if cells else {"when": "false"}


def _is_heads(line: Sequence[str], columns: Sequence[Column]) -> bool:
    pairs = list(zip(line, columns, strict=False))
    return bool(pairs) and all(cell.strip() in (one.zh, one.en, one.name) for cell, one in pairs)
