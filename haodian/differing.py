"""`haodian diff`: what two versions of the rules say differently, line by line, and what that does, proved.

    haodian diff 3 4                    two releases of the rulebook repository, or tags, branches, commits
    haodian diff rules-old/ .           two folders that hold rules/
    git config diff.haodian.command 'haodian diff --git'     then git diff, git log -p --ext-diff

Both sides are read with the facts and kinds of the newer one, as payments of the past are.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pygit2

from engine.diagnostics import Diagnostic, Severity
from engine.releases import CommitMissing, read_files
from engine.rulebook import Context, Rule, parse_rule, read_context
from engine.rulebook.differences import Difference, rule_differences
from engine.rulebook.prove.compare import Comparison, compare_over_time
from haodian.checking import read_folder
from haodian.commands import Refused
from payments_core.fees import EVALUATORS

NO_FILE = Path("/dev/null")
_GIT_ARGUMENTS = 7


class UnknownVersion(Refused):
    """Neither a folder nor a commit, tag, branch or release number."""

    def __init__(self, version: str) -> None:
        """Keep what was asked for."""
        super().__init__(
            f"没有这个版本：{version}", f"neither a folder nor a version of the rules: {version}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file that differs. `old` and `new` are the rules in it, None where it is not there or says none.

    `plain` are the changed lines of a file that cannot be compared as a rule; `findings` say why it cannot.
    """

    path: str
    old: Rule | None
    new: Rule | None
    lines: tuple[Difference, ...] = ()
    comparisons: tuple[tuple[datetime, Comparison], ...] = ()
    plain: str = ""
    findings: tuple[Diagnostic, ...] = ()


def files_of(version: str, *, repository: Path) -> Mapping[str, str]:
    """Return the files of a folder, or of a commit, tag, branch or release. Raises UnknownVersion."""
    if Path(version).is_dir():
        return read_folder(Path(version))
    try:
        found = pygit2.Repository(str(repository))
        names = (f"refs/tags/release/{version}", version) if version.isdigit() else (version,)
        for name in names:
            if (commit := _commit(found, name)) is not None:
                return read_files(repository, commit)
    except (pygit2.GitError, CommitMissing) as error:
        raise UnknownVersion(version) from error
    raise UnknownVersion(version)


def changes_between(
    old: Mapping[str, str], new: Mapping[str, str], *, only: str | None = None
) -> tuple[FileChange, ...]:
    """Return what differs between two sets of files, by path; of one file where `only` names it."""
    context, _ = read_context(new)
    paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return tuple(
        change_of(path=path, old=old.get(path), new=new.get(path), context=context)
        for path in paths
        if only in (None, path)
    )


def change_of(*, path: str, old: str | None, new: str | None, context: Context) -> FileChange:
    """Return what differs in one file, None being no file."""
    before, found_before = _rule(path, old, context)
    after, found_after = _rule(path, new, context)
    if (old is None or before is not None) and (new is None or after is not None):
        if before is None or after is None:
            return FileChange(path=path, old=before, new=after)
        kind = context.kinds[after.kind]
        return FileChange(
            path=path,
            old=before,
            new=after,
            lines=rule_differences(old=before, new=after, kind=kind),
            comparisons=compare_over_time(old=before, new=after, kind=kind, evaluators=EVALUATORS),
        )
    plain = difflib.unified_diff(
        (old or "").splitlines(), (new or "").splitlines(), "old", "new", lineterm=""
    )
    findings = (*found_before, *found_after) if _is_rule(path) else ()
    return FileChange(path=path, old=None, new=None, plain="\n".join([*plain][2:]), findings=findings)


def change_for_git(given: Sequence[str], *, folder: Path) -> FileChange:
    """Return what differs in the file that git asks about, as it calls an external diff.

    `given`: path, old file, hex and mode, new file, hex and mode; of a renamed file, its new path and how
    alike they are. Facts and kinds are those of the working tree, `folder`, in which git calls.
    """
    if len(given) < _GIT_ARGUMENTS:
        raise UnknownVersion(" ".join(given))
    path, old_file, _, _, new_file, *rest = given
    old, new = (_text(Path(name)) for name in (old_file, new_file))
    context, _ = read_context(read_folder(folder))
    return change_of(path=rest[2] if len(rest) > 2 else path, old=old, new=new, context=context)


def _commit(repository: pygit2.Repository, name: str) -> str | None:
    try:
        return str(repository.revparse_single(name).peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _text(path: Path) -> str | None:
    return None if path == NO_FILE else path.read_bytes().decode(errors="replace")


def _rule(path: str, text: str | None, context: Context) -> tuple[Rule | None, tuple[Diagnostic, ...]]:
    if text is None or not _is_rule(path):
        return None, ()
    rule, findings = parse_rule(path=path, text=text, context=context)
    return rule, tuple(one for one in findings if one.severity is Severity.ERROR)


def _is_rule(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 3 and parts[0] == "rules" and parts[1] != "kinds" and path.endswith(".yaml")
