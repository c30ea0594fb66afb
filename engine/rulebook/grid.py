"""Rows written as a decision grid: `spec.inputs` names the facts, each row's `in` has a cell for each.

    inputs: [txn.channel, txn.amount_fen]
    rows:
      - {in: ["WECHAT, ALIPAY", "[1000..5000)"], rate: "0.0038"}
      - {in: ["-", "-"], rate: "0.0060"}

A row is the condition that all its cells hold, as if it had been written as `when`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.diagnostics import Diagnostic
from engine.expressions import Condition, Fact, Node, condition_of
from engine.expressions.tree import AllOf, Constant, NodeType, walk
from engine.rulebook.cells import CellUnclear, read_cell
from engine.rulebook.documents import Document, Pointer
from engine.rulebook.facts import fact_findings
from engine.rulebook.kinds import Kind
from engine.rulebook.schemas import nearest
from engine.rulebook.wording import finding

CELLS = "in"


def compile_grid(document: Document, kind: Kind) -> tuple[dict[Pointer, Condition], tuple[Diagnostic, ...]]:
    """Return the condition of each grid row by the pointer of its `in`, and every finding in the grid."""
    spec = document.value.get("spec")
    rows = spec.get("rows") if isinstance(spec, dict) else None
    grid_rows = {
        number: row[CELLS]
        for number, row in enumerate(rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get(CELLS), list)
    }
    if not grid_rows or not isinstance(spec, dict):
        return {}, ()
    facts, findings = _inputs(document, spec, kind)
    conditions: dict[Pointer, Condition] = {}
    for number, cells in grid_rows.items():
        pointer: Pointer = ("rows", number, CELLS)
        if facts is not None:
            tree, wrong = _row(document, pointer, cells, facts)
            findings.extend(wrong)
            if tree is not None:
                place = document.location(("spec", *pointer))
                conditions[pointer] = condition_of(tree=tree, location=place)
    return conditions, tuple(findings)


def is_always(row: Mapping[str, Any]) -> bool:
    """Return whether a row is written to hold always: `when: "true"`, or only `-` in its cells."""
    cells = row.get(CELLS)
    return row.get("when") == "true" or (isinstance(cells, list) and set(map(str, cells)) == {"-"})


def _inputs(
    document: Document, spec: Mapping[str, Any], kind: Kind
) -> tuple[tuple[Fact, ...] | None, list[Diagnostic]]:
    names = spec.get("inputs")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None, [finding("GRID_INPUTS", document.key_location(("spec", "rows")))]
    findings: list[Diagnostic] = []
    for position, name in enumerate(names):
        pointer = ("spec", "inputs", position)
        findings.extend(
            fact_findings(
                document=document,
                pointer=pointer,
                name=name,
                vocabulary=kind.vocabulary,
                kind=kind.name,
            )
        )
    return None if findings else tuple(kind.vocabulary.facts[name] for name in names), findings


def _row(
    document: Document, pointer: Pointer, cells: list[Any], facts: tuple[Fact, ...]
) -> tuple[Node | None, list[Diagnostic]]:
    if len(cells) != len(facts):
        place = document.location(("spec", *pointer))
        return None, [finding("GRID_WIDTH", place, cells=len(cells), inputs=len(facts))]
    findings: list[Diagnostic] = []
    parts: list[Node] = []
    for position, (cell, fact) in enumerate(zip(cells, facts, strict=True)):
        at = ("spec", *pointer, position)
        text = _text(cell)
        try:
            tree = read_cell(text, fact)
        except CellUnclear as unclear:
            place = document.text_location(at).moved_to(text=text, offset=unclear.offset)
            findings.append(
                finding("CELL_UNCLEAR", place, fact=fact.name, detail=unclear.zh, detail_en=unclear.en)
            )
            continue
        if tree is not None:
            findings.extend(_unknown_values(document, at, tree, fact))
            parts.extend(tree.parts if isinstance(tree, AllOf) else (tree,))
    return None if findings else _all_of(parts), findings


def _all_of(parts: list[Node]) -> Node:
    if not parts:
        return Constant(value=True, type=NodeType.BOOL, offset=0)
    return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts), offset=0)


def _unknown_values(document: Document, at: Pointer, tree: Node, fact: Fact) -> Iterator[Diagnostic]:
    for node in walk(tree) if fact.values else ():
        if isinstance(node, Constant) and isinstance(node.value, str) and node.value not in fact.values:
            close = nearest(node.value, fact.values)
            place, known = document.text_location(at), ", ".join(fact.values)
            yield finding("CELL_VALUE", place, fact=fact.name, value=node.value, nearest=close or known)


def _text(cell: Any) -> str:
    """A cell may be written as a plain number or truth value."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)
