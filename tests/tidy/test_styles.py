"""The console's stylesheets are loaded together: each class belongs to one of them."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

STYLES = Path(__file__).parents[2] / "ui" / "static"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{")
_PLAIN = re.compile(r"\.([a-z][\w-]*)")


def test_a_class_is_laid_out_in_one_stylesheet() -> None:
    """A class alone as a selector says how it looks everywhere; two sheets would quarrel on every page."""
    told: defaultdict[str, set[str]] = defaultdict(set)
    for sheet in sorted(STYLES.glob("*.css")):
        for selectors in _RULE.findall(_COMMENT.sub("", sheet.read_text("utf-8"))):
            for selector in selectors.split(","):
                if plain := _PLAIN.fullmatch(selector.strip()):
                    told[plain[1]].add(sheet.name)
    assert len(told) > 100
    assert {name: sheets for name, sheets in told.items() if len(sheets) > 1} == {}
