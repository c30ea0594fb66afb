"""What the command line says to a person: steps with their time, tables. Chinese first, English after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def step(chinese: str, english: str) -> Iterator[None]:
    """Say what is being done while it is done, and how long it took."""
    started = time.monotonic()
    with out.status(f"{chinese} [dim]{english}[/] …"):
        yield
    out.print(f"[green]✓[/] {chinese} [dim]{english}  {time.monotonic() - started:.1f} s[/]")


def done(chinese: str, english: str) -> None:
    """Say that something is done."""
    out.print(f"[green]✓[/] {chinese} [dim]{english}[/]")


def note(chinese: str, english: str) -> None:
    """Say something that needs attention."""
    out.print(f"[yellow]![/] {chinese} [dim]{english}[/]")


def progress() -> Progress:
    """Return a progress bar with a text, a bar, counts and the time."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        transient=True,
    )
