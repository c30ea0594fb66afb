"""What one bench measured: our figure, the peer's, and the rows behind them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One more number worth showing, as text: what it is, and how much."""

    label: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. `peer` names what it was measured against, "" where there is nothing comparable.

    `goal` is what the project promises; `met` says whether this run kept it, None where nothing is promised.
    """

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    lower_is_better: bool = True
    goal: str = ""
    met: bool | None = None
    rows: tuple[Row, ...] = ()

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; above 1 is better."""
        if not self.peer_value or not self.value:
            return None
        times = self.peer_value / self.value
        return times if self.lower_is_better else 1 / times
