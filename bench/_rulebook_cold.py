"""`python -m bench._rulebook_cold FOLDER ours|peer`: seconds from files on disk to checked rules, once.

A process of its own, so that nothing is compiled or kept from before. Loading modules is not counted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from engine.rulebook import Rulebook, check
from payments_core.fees import EVALUATORS


def read(folder: Path) -> dict[str, str]:
    """Return every file below `folder`/rules by its path in `folder`."""
    found = (path for path in sorted((folder / "rules").rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}


def ours(files: dict[str, str]) -> Rulebook:
    """Read, check and compile the rules, and run the tests in them."""
    rulebook, found = check(files=files, evaluators=EVALUATORS)
    if rulebook is None:
        raise RuntimeError("\n".join(one.render(files.get(one.location.file)) for one in found[:5]))
    return rulebook


def peer(files: dict[str, str]) -> int:
    """Load the same files with PyYAML's C loader and hold each to its kind's schema; nothing else."""
    schemas = {
        path.rpartition("/")[2]: json.loads(text) for path, text in files.items() if path.endswith(".json")
    }
    registry: Registry[Any] = Registry().with_resources(
        (name, DRAFT202012.create_resource(schema)) for name, schema in schemas.items()
    )
    validators: dict[str, Draft202012Validator] = {}
    wrong = 0
    for path, text in files.items():
        folder = path.split("/")[1]
        if path.count("/") != 2 or folder == "kinds":
            continue
        if folder not in validators:
            validators[folder] = Draft202012Validator(schemas[f"{folder}.schema.json"], registry=registry)
        wrong += len(list(validators[folder].iter_errors(yaml.load(text, yaml.CSafeLoader))))
    if wrong:
        raise RuntimeError(f"{wrong} errors in files that are right")
    return wrong


if __name__ == "__main__":
    started = perf_counter()
    {"ours": ours, "peer": peer}[sys.argv[2]](read(Path(sys.argv[1])))
    print(perf_counter() - started)
