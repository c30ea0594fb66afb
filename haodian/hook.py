"""The pre-commit hook: what is staged for a commit is checked, not what lies in the folder.

`haodian hook install` writes it into a repository of rules; `.pre-commit-hooks.yaml` offers the same check to
the pre-commit framework.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.diagnostics import Severity
from haodian.checking import SUFFIXES, Checked, check_files
from haodian.findings import Format, written

_FOLDERS = ("rules", "forms")
_MARK = "# 好店规则检查 · HaoDian rules"


class NoRepository(Exception):
    """The folder is not in a git repository; the message is what git said."""


class HookTaken(Exception):
    """Another hook is there already; the message is its path."""


def install(folder: Path) -> Path:
    """Write the hook into the repository at `folder`, return its path. Raises NoRepository, HookTaken."""
    path = folder / _git(folder, "rev-parse", "--git-path", "hooks/pre-commit").decode().strip()
    if path.exists() and _MARK not in path.read_text(encoding="utf-8", errors="replace"):
        raise HookTaken(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    # This module alone: everyone who commits waits for it, and the whole command line loads for seconds.
    command = f"exec {shlex.quote(sys.executable)} -m haodian.hook"
    path.write_text(f"#!/bin/sh\n{_MARK}\n{command}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def run(folder: Path) -> int:
    """Print what is found in what is staged; return 1 where it stops the commit. Raises NoRepository."""
    checked = check_staged(folder)
    if checked is None:
        return 0
    print(written(checked, Format.HUMAN))
    return 0 if checked.is_good else 1


def check_staged(folder: Path) -> Checked | None:
    """Return what is found in the staged rules and forms; None where the commit touches none of them.

    An error anywhere stops the commit, as it would stop a release; the rest is told of staged files only.
    Raises NoRepository.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    changed = _names(_git(root, "diff", "--cached", "--name-only", "--no-renames", "-z", "--", *_FOLDERS))
    if not changed:
        return None
    checked = check_files(_staged_files(root))
    told = [f for f in checked.findings if f.severity is Severity.ERROR or f.location.file in changed]
    return replace(checked, findings=told)


def _staged_files(root: Path) -> Mapping[str, str]:
    """Return the texts of the index by path. A file in conflict is in it up to three times: ours is read."""
    blobs: dict[str, str] = {}
    for line in _names(_git(root, "ls-files", "--stage", "-z", "--", *_FOLDERS)):
        described, path = line.split("\t", 1)
        _, blob, stage = described.split(" ")
        if path.endswith(SUFFIXES) and stage in ("0", "2"):
            blobs[path] = blob
    content = _git(root, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs.values()))
    texts: dict[str, str] = {}
    at = 0
    for path in blobs:
        head_end = content.index(b"\n", at)
        size = int(content[at:head_end].split(b" ")[2])
        texts[path] = content[head_end + 1 : head_end + 1 + size].decode(errors="replace")
        at = head_end + 1 + size + 1
    return texts


def _names(listed: bytes) -> list[str]:
    return [name for name in listed.decode(errors="surrogateescape").split("\0") if name]


def _git(folder: Path, *arguments: str, given: str = "") -> bytes:
    command, content = ["git", *arguments], given.encode()
    done = subprocess.run(command, cwd=folder, input=content, capture_output=True, check=False)
    if done.returncode != 0:
        raise NoRepository(done.stderr.decode(errors="replace").strip())
    return done.stdout


if __name__ == "__main__":
    sys.exit(run(Path()))
