"""The five tiles of the page 今日: four of today so far, one of yesterday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from payments_core.reporting import METRICS, ClosedDay, DaySoFar, Overview
from ui.components import kpi, words
from ui.i18n import either, t
from ui.markup import Markup


def panel(found: Overview, *, on: date, clock: str) -> Markup:
    """Return the row of tiles; `clock` is the time until which today is known."""
    so_far = _SoFar(found, on, clock)
    return kpi.tiles(
        [
            so_far.tile("amount", "amount", words.money, lambda d: d.payment_fen, lambda c: c.payment_fen),
            so_far.tile("count", "count", words.count, lambda d: d.payment_count, lambda c: c.payment_count),
            so_far.tile("merchants", "active", words.count, lambda d: d.merchants, lambda c: c.merchants),
            so_far.tile(
                "refund",
                "refund",
                words.money,
                lambda d: d.refund_fen,
                lambda c: c.refund_fen,
                more_is="worse",
            ),
            _margin(found, yesterday=on - timedelta(days=1)),
        ],
        cls="five",
    )


class _SoFar:
    """Today until now beside the same weekday a week ago until the same time."""

    def __init__(self, found: Overview, on: date, clock: str) -> None:
        self._found = found
        self._until = t("today.until", time=clock)
        self._against = t("today.against", weekday=words.weekday(on))

    def tile(
        self,
        key: str,
        metric: str,
        shown: Callable[[int], str],
        pick: Callable[[DaySoFar], int],
        trend: Callable[[ClosedDay], int],
        *,
        more_is: str = "better",
    ) -> Markup:
        """Return one tile; a day without any payment or refund is not known, not zero."""
        today, value = self._found.today, pick(self._found.today)
        known = today.payment_count or today.refund_count
        return kpi.tile(
            label=t(f"today.{key}"),
            definition=_definition(metric),
            value=shown(value) if known else None,
            corner=self._until,
            change=words.change(value, pick(self._found.week_ago), more_is=more_is, against=self._against),
            trend=tuple(trend(day) for day in self._found.closed),
        )


def _margin(found: Overview, *, yesterday: date) -> Markup:
    day, before = found.closed_on(yesterday), found.closed_on(yesterday - timedelta(days=7))
    value = day.margin_fen if day else None
    against = t("today.against_day", weekday=words.weekday(yesterday))
    return kpi.tile(
        label=t("today.margin"),
        definition=_definition("margin"),
        corner=words.day(yesterday),
        value=words.money(value) if day else None,
        change=words.change(value, before.margin_fen if before else None, against=against),
        trend=tuple(closed.margin_fen for closed in found.closed),
    )


def _definition(key: str) -> str:
    return either(METRICS[key].definition, METRICS[key].definition_en)
