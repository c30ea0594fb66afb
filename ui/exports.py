"""Tables as files: CSV that no spreadsheet executes, and Excel workbooks without a library.

A cell that begins with = + - @ would be run as a formula when a CSV is opened, so such text is quoted. In a
workbook every text is typed as text, and money is a number in yuan with two places, written exactly.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount that a file shows in yuan."""

    amount_fen: int

    @property
    def yuan(self) -> str:
        """The amount as a plain decimal, ASCII minus."""
        whole, fen = divmod(abs(self.amount_fen), 100)
        return f"{'-' if self.amount_fen < 0 else ''}{whole}.{fen:02d}"


Row = Sequence["str | int | Money | None"]


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return the rows as UTF-8 with a byte-order mark, which Excel needs to read Chinese."""
    out = io.StringIO()
    csv.writer(out).writerows([[_csv_cell(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(rows: Sequence[Row], *, sheet: str) -> bytes:
    """Return a workbook of one sheet whose first row stays in view; rows after it keep their types."""
    body = "".join(
        f'<row r="{number}">{"".join(_cell(cell, column, number) for column, cell in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    )
    sheet_xml = (
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
        f'topLeftCell="A2" '
        f'activePane="bottomLeft" '
        f'state="frozen"/></sheetView></sheetViews><sheetData>{body}</sheetData></worksheet>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _XML + content.replace("{sheet}", escape(sheet[:31])))
        archive.writestr("xl/worksheets/sheet1.xml", _XML + sheet_xml)
    return out.getvalue()


def _csv_cell(cell: str | int | Money | None) -> str:
    if isinstance(cell, Money):
        return cell.yuan
    shown = "" if cell is None else str(cell)
    return f"'{shown}" if isinstance(cell, str) and shown.startswith(("=", "+", "-", "@", "\t")) else shown


def _cell(cell: str | int | Money | None, column: int, row: int) -> str:
    if cell is None:
        return ""
    place = f"{_letters(column)}{row}"
    if isinstance(cell, Money):
        return f'<c r="{place}" s="1"><v>{cell.yuan}</v></c>'
    if isinstance(cell, int):
        return f'<c r="{place}"><v>{cell}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_OFFICE}/styles" '
        f'Target="styles.xml"/>'
        "</Relationships>"
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{{sheet}}" sheetId="1" '
        f'r:id="rId1"/>'
        "</sheets></workbook>"
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs '
        'count="2"><xf/>'
        '<xf numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}
