"""Texts of the views of one rule: grid, form, editor, proofs, coverage, uses."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "bench.form": ("表单", "Form"),
    "bench.grid": ("表格", "Table"),
    "bench.proofs": ("证明", "Proofs"),
    "bench.coverage": ("覆盖", "Coverage"),
    "bench.uses": ("引用", "Uses"),
    "edit.undo": ("撤销", "Undo"),
    "edit.redo": ("重做", "Redo"),
    "edit.overtaken": ("文本刚被改过，请再试一次", "The text has just changed; try again"),
    "edit.nothing_to_undo": ("没有可以撤销的改动", "Nothing to undo"),
    "edit.nothing_to_redo": ("没有可以重做的改动", "Nothing to redo"),
    "edit.typed_since": (
        "之后在 YAML 里改过，请在 YAML 里撤销",
        "The YAML was edited since; undo it there",
    ),
    "edit.refused": (
        "这里改不了，请在 YAML 里改（{detail}）",
        "This cannot be changed here; edit the YAML ({detail})",
    ),
    "edit.locked": (
        "这一格是一组值，请在表单或 YAML 里改",
        "This cell holds several values; use the form or YAML",
    ),
    "edit.no_cells": (
        "这一行是用条件写的，请改“条件”一列",
        "This row is written as a condition; edit the condition column",
    ),
    "edit.block_too_large": ("一次最多粘贴 2000 行、40 列", "At most 2,000 rows and 40 columns at once"),
    "edit.block_unreadable": ("剪贴板里不是表格", "The clipboard holds no table"),
    "grid.unreadable": ("现在的文本不能显示为表格", "The present text cannot be shown as a table"),
    "grid.condition": ("条件", "Condition"),
    "grid.in_yuan": ("{title}（元）", "{title} (CNY)"),
    "grid.add": ("在下方加一行", "Add a row below"),
    "grid.up": ("上移一行", "Move the row up"),
    "grid.down": ("下移一行", "Move the row down"),
    "grid.remove": ("删除这一行", "Remove the row"),
    "grid.choose": (
        "选中一格，可以直接输入，或从 Excel 粘贴",
        "Choose a cell, then type, or paste from Excel",
    ),
    "grid.cell": ("第 {row} 行，{column}", "Row {row}, {column}"),
    "grid.holds": ("这一行：{words}", "This row: {words}"),
    "grid.foot": (
        "{rows} 行，{inputs} 列条件，{outputs} 列结果",
        "{rows} rows, {inputs} conditions, {outputs} outcomes",
    ),
    "grid.wrong": ("{count} 格有误", "{count} errors in cells"),
    "grid.hint": (
        "费率可写 0.38% · 任意值写 - · 区间写 [1000..5000)",
        "rates as 0.38% · anything is - · [1000..5000)",
    ),
    "hit.first": ("命中策略 首行", "First row wins"),
    "hit.unique": ("命中策略 唯一", "Exactly one row"),
    "hit.any": ("命中策略 一致", "Rows agree"),
    "hit.priority": ("命中策略 最重", "Gravest wins"),
    "hit.rule_order": ("命中策略 全部，按行序", "All, in order"),
    "hit.output_order": ("命中策略 全部，按轻重", "All, gravest first"),
    "hit.collect_sum": ("命中策略 求和", "Sum"),
    "hit.collect_min": ("命中策略 最小", "Least"),
    "hit.collect_max": ("命中策略 最大", "Most"),
    "hit.collect_count": ("命中策略 计数", "Count"),
    "hit.collect_list": ("命中策略 列出", "List"),
}
