"""Ways to write rules wrong: tests/fixtures/wrong_rules/<way>/ holds the files, words.yaml what must be said.

    <way>/rules/…        files laid over the declarations and channel costs of the product
    <way>/before/rules/… what was released before; the change is made on CHANGED_AT
    <way>/absent         files of the product that are not there, one a line
    <way>/grown          rule files are filled up with a comment to this many bytes
    <way>/proved         the day on which the rules are proved as well

`python -m tests.wrong_rules` writes words.yaml anew; look at its difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.diagnostics import Diagnostic
from engine.rulebook import Rulebook, check, decode
from engine.rulebook.prove import proof_findings, prove
from payments_core.fees import EVALUATORS

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "fixtures" / "wrong_rules"
WORDS = FOLDER / "words.yaml"
CHANGED_AT = datetime.fromisoformat("2025-03-15T00:00:00+08:00")
Words = dict[str, list[dict[str, str]]]


def ways() -> tuple[str, ...]:
    """Return every way, sorted."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))


def found(way: str) -> tuple[Diagnostic, ...]:
    """Return what the public check says of one way."""
    folder = FOLDER / way
    texts, undecodable = _read(folder, grown=_number(folder / "grown"))
    if undecodable:
        return undecodable
    files = {**declared(), **texts}
    absent = folder / "absent"
    for path in absent.read_text("utf-8").split() if absent.exists() else ():
        del files[path]
    before = _before(folder)
    now = CHANGED_AT if before else None
    rulebook, wrong = check(files=files, previous=before, evaluators=EVALUATORS, now=now)
    if rulebook is None or not (folder / "proved").exists():
        return wrong
    on = date.fromisoformat((folder / "proved").read_text("utf-8").strip())
    told = proof_findings(rules=rulebook.rules, proofs=prove(rulebook=rulebook, on=on), on=on)
    # How long the solver may think depends on the machine, so what it left undecided is no part of the words.
    return (*wrong, *(one for one in told if one.code != "PROOF_UNDECIDED"))


def is_one_file(way: str) -> bool:
    """Return whether a way is one rule file and nothing else, as somebody edits it."""
    held = [path for path in (FOLDER / way).rglob("*") if path.is_file()]
    is_rule = len(held) == 1 and held[0].parent.name not in ("rules", "kinds") and held[0].suffix == ".yaml"
    return is_rule and bool(_read(FOLDER / way, grown=0)[0])


def one_file(way: str) -> tuple[str, str]:
    """Return path and text of a way that is one rule file."""
    ((path, text),) = _read(FOLDER / way, grown=0)[0].items()
    return path, text


def texts_of(way: str) -> Mapping[str, str]:
    """Return the files that a way lays over the product's."""
    return _read(FOLDER / way, grown=0)[0]


@cache
def words() -> Words:
    """Return the words that are expected, by way."""
    expected: Words = yaml.load(WORDS.read_text("utf-8"), yaml.CSafeLoader)
    return expected


def as_words(findings: tuple[Diagnostic, ...]) -> list[dict[str, str]]:
    """Return findings as words.yaml writes them."""
    return [
        {
            "code": f"{one.severity.value} {one.code}",
            "place": f"{one.location} +{one.length}",
            "zh": one.message,
            "do": one.hint,
            "en": one.message_en,
            "do_en": one.hint_en,
        }
        for one in findings
    ]


@cache
def declared() -> Mapping[str, str]:
    """Return the product's declarations and channel costs; no rule that could overlap with one of a way."""
    paths = (path for path in sorted((ROOT / "rules").rglob("*")) if path.is_file())
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}
    kept = ("rules/kinds/", "rules/channel_cost/")
    return {path: text for path, text in texts.items() if path.count("/") == 1 or path.startswith(kept)}


def write_words() -> None:
    """Write what is said today of every way."""
    said: dict[str, Any] = {way: as_words(found(way)) for way in ways()}
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1000)
    WORDS.write_text(f"# Written by python -m tests.wrong_rules; read the difference.\n{text}", "utf-8")


def _before(folder: Path) -> Rulebook | None:
    if not (folder / "before").exists():
        return None
    rulebook, wrong = check(
        files={**declared(), **_read(folder / "before", grown=0)[0]}, evaluators=EVALUATORS
    )
    assert rulebook is not None, wrong
    return rulebook


def _read(folder: Path, *, grown: int) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    texts: dict[str, str] = {}
    wrong: tuple[Diagnostic, ...] = ()
    for path in sorted((folder / "rules").rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            text, undecodable = decode(path=name, raw=path.read_bytes())
            wrong += undecodable
            if text is not None:
                texts[name] = text.ljust(grown, "#") if grown else text
    return texts, wrong


def _number(path: Path) -> int:
    return int(path.read_text("utf-8")) if path.exists() else 0


if __name__ == "__main__":
    write_words()
