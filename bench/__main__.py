"""`python -m bench NAME [--quick]` measures one figure; `python -m bench all` every one.

A bench is a module `bench/<name>.py` with `def run(*, quick: bool) -> Figure`. The last line printed is the
figure as JSON. `all` writes bench/results.json: the figures, each with the machine it was measured on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

import bench
from bench.figure import Figure

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
_FRAMEWORK = frozenset({"figure", "__main__"})


def main(arguments: list[str]) -> int:
    """Run what is asked for; 2 if there is no such bench."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", help=f"all, or one of: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="smaller and less exact")
    asked = parser.parse_args(arguments)
    if asked.name != "all" and asked.name not in names():
        print(
            f"There is no bench named {asked.name!r}. There are: {', '.join(names())}, all.", file=sys.stderr
        )
        return 2
    chosen = names() if asked.name == "all" else (asked.name,)
    figures = [measured(name, quick=asked.quick) for name in chosen]
    if asked.name == "all":
        write(figures, quick=asked.quick)
    return 0


def names() -> tuple[str, ...]:
    """Return the name of every bench, sorted."""
    found = (module.name for module in pkgutil.iter_modules(bench.__path__))
    return tuple(sorted(name for name in found if name not in _FRAMEWORK and not name.startswith("_")))


def measured(name: str, *, quick: bool) -> Figure:
    """Run one bench and print its table and its JSON line."""
    figure: Figure = importlib.import_module(f"bench.{name}").run(quick=quick)
    Console().print(table(figure))
    print(json.dumps(summary(figure), ensure_ascii=False), flush=True)
    return figure


def table(figure: Figure) -> Table:
    """Return the figure as people read it."""
    made = Table(title=figure.name, title_justify="left", show_header=False)
    made.add_row("好店", f"{figure.value:,.4g} {figure.unit}", style="bold")
    if figure.peer_value is not None:
        made.add_row(figure.peer, f"{figure.peer_value:,.4g} {figure.unit}")
    if figure.ratio is not None:
        made.add_row("ratio", f"{figure.ratio:,.3g} ×")
    for row in figure.rows:
        made.add_row(row.label, row.shown, style="dim")
    if figure.goal:
        made.add_row("goal", f"{figure.goal} {'' if figure.met is None else '✓' if figure.met else '✗'}")
    return made


def summary(figure: Figure) -> dict[str, object]:
    """Return the six values every figure has, rounded to four significant digits."""
    return {
        "name": figure.name,
        "value": _rounded(figure.value),
        "unit": figure.unit,
        "peer": figure.peer,
        "peer_value": _rounded(figure.peer_value),
        "ratio": _rounded(figure.ratio),
    }


def write(figures: list[Figure], *, quick: bool) -> None:
    """Write every figure with the machine's facts."""
    machine = machine_facts()
    results = [
        {
            **summary(figure),
            "goal": figure.goal,
            "met": figure.met,
            "rows": {row.label: row.shown for row in figure.rows},
            "quick": quick,
            "machine": machine,
        }
        for figure in figures
    ]
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def machine_facts() -> Mapping[str, object]:
    """Return what a reader needs to judge the figures: processor, cores, memory, system, Python."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
