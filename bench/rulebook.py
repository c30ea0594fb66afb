"""500 rule files from disk to a checked, compiled rulebook; and one of them changed, as while typing.

The files are the product's own rules, copied under new ids and scopes. The peer loads the same files with
PyYAML's C loader and holds them to the same JSON Schemas: it keeps no line and column, reads no condition,
compares no two rules and runs no test, so it is a floor and not a rival; a ratio below 1 is what the rest
costs.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench._rulebook_cold import ours, read
from bench._timing import side_by_side
from bench.figure import Figure, Row
from engine.rulebook import Rulebook, check_file
from payments_core.fees import EVALUATORS

FILES = 500
LIMIT_COLD_S, LIMIT_CHANGED_MS = 3.0, 100.0
ROOT = Path(__file__).parent.parent
EDITED = "rules/merchant_fee/fee.community.std.yaml"
_ID = re.compile(r"^id: (.*)$", re.MULTILINE)
_SCOPE = re.compile(r"^scope: .*\n", re.MULTILINE)


def run(*, quick: bool) -> Figure:
    """Measure a cold start over all files in seconds, and the check of one edited file in milliseconds."""
    files = many(read(ROOT))
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory(prefix="haodian-bench-") as folder:
        _write(files, Path(folder))
        cold = [[_cold(folder, who) for who in ("ours", "peer")] for _ in range(rounds)]
    value, peer_value = (median(one) for one in zip(*cold, strict=True))
    changed_ms = _changed_ms(files, rounds=3 if quick else 15)
    return Figure(
        name="rulebook",
        value=value,
        unit="s cold",
        peer="PyYAML's C loader and jsonschema alone, same files",
        peer_value=peer_value,
        goal=f"≤ {LIMIT_COLD_S:g} s cold, one changed file ≤ {LIMIT_CHANGED_MS:g} ms",
        met=value <= LIMIT_COLD_S and changed_ms <= LIMIT_CHANGED_MS,
        rows=(
            Row(label="one changed file", shown=f"{changed_ms:.1f} ms"),
            Row(label="rule files", shown=f"{sum(map(is_rule, files))}"),
            Row(label="a file, cold", shown=f"{value / FILES * 1000:.2f} ms"),
        ),
    )


def many(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files with copies of the rules added until there are FILES of them."""
    every = {path for path, text in files.items() if "\napplies: all" in text}
    rules = {path: text for path, text in files.items() if is_rule(path)}
    made, number = dict(files), 0
    while len(rules) + number < FILES:
        for path, text in rules.items():
            if len(rules) + number < FILES:
                number += 1
                kind, rule_id = path.split("/")[1], f"{Path(path).stem}.copy{number:03d}"
                copy = _ID.sub(f"id: {rule_id}", text, count=1)
                if f"rules/kinds/{kind}.yaml" not in every:
                    copy = _of_one_merchant(copy, number)
                made[f"rules/{kind}/{rule_id}.yaml"] = copy
    return made


def is_rule(path: str) -> bool:
    """Tell whether a path is a rule's."""
    return path.count("/") == 2 and not path.startswith("rules/kinds/")


def _of_one_merchant(text: str, number: int) -> str:
    """Where one rule applies, each copy is for a merchant of its own, so that no two overlap."""
    scope = f"scope: {{city: [C{number:03d}], merchant: [M{number:05d}]}}\n"
    return _SCOPE.sub("", text, count=1).replace("\nspec:", f"\n{scope}spec:", 1)


def _write(files: Mapping[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _cold(folder: str, who: str) -> float:
    command = [sys.executable, "-m", "bench._rulebook_cold", folder, who]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _changed_ms(files: Mapping[str, str], *, rounds: int) -> float:
    """The console's check: the text differs at every key, all else is as it was released."""
    released: Rulebook = ours(dict(files))
    typed = iter(range(1_000_000))

    def check_once() -> None:
        text = files[EDITED].replace("费率", f"费率 {next(typed)}")
        found = check_file(
            path=EDITED, text=text, files=files, previous=released, evaluators=EVALUATORS, now=None
        )
        if found:
            raise RuntimeError(found[0].render(text))

    (seconds,) = side_by_side(check_once, rounds=rounds)
    return seconds * 1000
