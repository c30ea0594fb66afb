"""Analysis of a decision grid of 1,000 rows and 4 inputs: dead rows, a gap, rows that meet, with witnesses.

The full analysis is every proof about the grid, read once as a `first` table (dead rows) and once as `unique`
(overlaps), and the proved difference from the same grid with one cell changed. The while-typing tier is
`glance` on the same two rules.

The peer is the straightforward way with the same solver: one Z3 solver holding all rows, one check a row for
each question (can it hold, can it be first, does it meet an earlier one), one for the gap; without witnesses
in words and without the difference. Both must find the same dead rows and the same rows that meet.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import z3

from bench._timing import side_by_side
from bench.decide import RULES_FOLDER, envelope
from bench.figure import Figure, Row
from engine.expressions.smt import Reading
from engine.rulebook import Kind, Rule, Rulebook, Table, check
from engine.rulebook.prove import Proof, Verdict, glance, prove_rule
from engine.rulebook.prove.compare import compare

ROWS, LIMIT_S, LIMIT_TYPING_MS = 1_000, 3, 150
INPUTS = ("txn.channel", "txn.card_type", "txn.settle_amount_fen", "txn.hour_cst")
CHANNELS = ("WECHAT", "ALIPAY", "UNIONPAY_QR", "BANKCARD")
CARDS = ("DEBIT", "CREDIT", "NONE", "not(NONE)")
SEED = 20250301
KIND = (
    "kind: {name}\ntitle: {{zh: 试, en: Bench}}\nshape: table\nhit_policy: {policy}\n"
    "namespaces: [txn]\napproval: operations\n"
)


def run(*, quick: bool) -> Figure:
    """Measure the analysis of one grid, in seconds."""
    grid = made_grid(200 if quick else ROWS)
    rulebook = made_rulebook(grid)
    first, unique = (rulebook.find(rule_id=f"{name}.grid") for name in ("dead", "apart"))
    kinds = rulebook.kinds
    ours = refuted(first, kinds["dead"]), refuted(unique, kinds["apart"])
    if ours != straightforward(first):
        raise RuntimeError("好店 and the solver alone disagree")
    edited = made_rulebook(with_one_cell_changed(grid)).find(rule_id="dead.grid")
    proofs, difference, peer = side_by_side(
        lambda: (prove_rule(rule=first, kind=kinds["dead"]), prove_rule(rule=unique, kind=kinds["apart"])),
        lambda: compare(old=first, new=edited, kind=kinds["dead"], evaluators={}),
        lambda: straightforward(first),
        rounds=1 if quick else 3,
    )
    found = compare(old=first, new=edited, kind=kinds["dead"], evaluators={}).whole.witnesses
    dead_s, apart_s = side_by_side(
        lambda: glance(rule=first), lambda: glance(rule=unique), rounds=3 if quick else 9
    )
    typing_ms = max(dead_s, apart_s) * 1000
    return Figure(
        name="analyse_grid",
        value=proofs + difference,
        unit=f"s a grid of {len(grid)} × {len(INPUTS)}",
        peer="one Z3 solver, one check a row and question",
        peer_value=peer,
        goal=f"≤ {LIMIT_S} s, while typing ≤ {LIMIT_TYPING_MS} ms",
        met=proofs + difference <= LIMIT_S and typing_ms <= LIMIT_TYPING_MS,
        rows=(
            Row(label="of which dead rows, gap, rows that meet", shown=f"{proofs:.2f} s"),
            Row(label="of which the difference one cell makes", shown=f"{difference:.2f} s"),
            Row(label="its witness", shown=found[0].words(language="en")),
            Row(label="while typing: dead rows and gap", shown=f"{dead_s * 1000:.0f} ms"),
            Row(label="while typing: rows that meet, by group", shown=f"{apart_s * 1000:.0f} ms"),
            Row(label="dead rows, rows that meet an earlier one", shown=f"{len(ours[0])}, {len(ours[1])}"),
        ),
    )


def refuted(rule: Rule, kind: Kind) -> list[int]:
    """Return the lines of the rows that are dead, or that meet an earlier one."""
    proofs: Sequence[Proof] = prove_rule(rule=rule, kind=kind)
    rows = ("ROW_REACHABLE", "ROWS_DISJOINT")
    return [one.location.line for one in proofs if one.code in rows and one.verdict == Verdict.REFUTED]


def straightforward(rule: Rule) -> tuple[list[int], list[int]]:
    """Return the same lines by the solver alone."""
    table = rule.shape
    if not isinstance(table, Table):
        raise TypeError("a grid is a table")
    reading = Reading([row.condition.tree for row in table.rows])
    holds = [reading.holds(row.condition.tree) for row in table.rows]
    solver = z3.SimpleSolver(ctx=reading.context)
    marks = [z3.Bool(f"row {number}", reading.context) for number in range(len(holds))]
    for mark, formula in zip(marks, holds, strict=True):
        solver.add(mark == formula)
    solver.add(reading.domain())
    dead, meeting = [], []
    for number, row in enumerate(table.rows):
        earlier = marks[:number]
        solver.check(marks[number])
        if number and solver.check(marks[number], *map(z3.Not, earlier)) == z3.unsat:
            dead.append(row.condition.location.line)
        is_otherwise = number == len(marks) - 1
        if number and not is_otherwise and solver.check(marks[number], z3.Or(*earlier)) == z3.sat:
            meeting.append(row.condition.location.line)
    solver.check(*map(z3.Not, marks))
    return dead, meeting


def made_grid(size: int) -> list[list[str]]:
    """Return rows as a business has them: narrow bands of amounts by channel and card, a row for the rest."""
    chance = random.Random(SEED)  # the same grid every time
    rows = []
    for _ in range(size - 1):
        low, hour = chance.randrange(1_000_000), chance.randrange(20)
        band = f"[{low}..{low + chance.randrange(1, 20_000)})"
        hours = chance.choice((f"[{hour}..{hour + 4})", "-", f">= {hour}"))
        rows.append([chance.choice((*CHANNELS, "WECHAT, ALIPAY", "-")), chance.choice(CARDS), band, hours])
    return [*rows, ["-"] * len(INPUTS)]


def with_one_cell_changed(grid: list[list[str]]) -> list[list[str]]:
    """Return the grid with the cards of its middle row widened."""
    middle = len(grid) // 2
    cells = [grid[middle][0], ", ".join(CARDS[:3]), *grid[middle][2:]]
    return [*grid[:middle], cells, *grid[middle + 1 :]]


def made_rulebook(grid: list[list[str]]) -> Rulebook:
    """Return the grid as a rule of two kinds, `dead` (first) and `apart` (unique)."""
    files = {
        f"rules/{path.relative_to(RULES_FOLDER).as_posix()}": path.read_text(encoding="utf-8")
        for path in sorted(Path(RULES_FOLDER).glob("*.yaml"))
    }
    rows = "".join(f"    - {{in: {json.dumps(row)}, out: {number}}}\n" for number, row in enumerate(grid))
    for name, policy in (("dead", "first"), ("apart", "unique")):
        files[f"rules/kinds/{name}.yaml"] = KIND.format(name=name, policy=policy)
        files[f"rules/kinds/{name}.schema.json"] = json.dumps({"type": "object"})
        head = envelope(name, f"{name}.grid") + f"  inputs: [{', '.join(INPUTS)}]\n"
        files[f"rules/{name}/{name}.grid.yaml"] = head + f"  rows:\n{rows}"
    rulebook, found = check(files=files)
    if rulebook is None:
        raise RuntimeError("\n".join(one.render(files.get(one.location.file)) for one in found[:5]))
    return rulebook
