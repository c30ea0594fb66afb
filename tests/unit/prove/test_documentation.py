"""docs/proofs.md lists the claims there are."""

from __future__ import annotations

import re
from pathlib import Path

from engine.rulebook.prove.wording import CLAIMS


def test_every_claim_is_documented_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "proofs.md").read_text("utf-8")
    assert re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE) == list(CLAIMS)
