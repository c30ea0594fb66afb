"""Texts of the reports."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "report.key_figures": ("关键数字", "Key figures"),
    "report.range": ("{first} 至 {last}", "{first} to {last}"),
}
