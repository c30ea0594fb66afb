"""A commit → its Release: every rule in all its released versions and every form, checked as a whole.

What is in force is decided by the texts alone: the rule files of the commit, and each earlier text that
the first-parent history below it holds. All are read against the facts and kinds of the commit itself, so
a change of vocabulary that an old version cannot bear is refused when it is made, not when a refund of last
winter asks for it. Compiled earlier versions are kept by blob while facts and kinds stay the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import pygit2

from engine.diagnostics import Diagnostic, Severity
from engine.forms import Form, load_form
from engine.releases.errors import ReleaseBroken
from engine.releases.history import Published, life_until
from engine.releases.repository import opened, read_files, reading, text_of
from engine.rulebook import Context, Evaluator, Rule, Rulebook, check, parse_rule, read_context
from engine.rulebook.wording import finding

_KEPT_RELEASES = 16
_NO_EVALUATORS: Mapping[str, Evaluator] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Release:
    """A checked commit. `files` are its texts by path; `diagnostics` its findings short of errors.

    `withdrawn` are the versions that going back has taken out of the history: never in force, not to be
    found, but their numbers are taken.
    """

    commit: str
    rulebook: Rulebook
    forms: Mapping[str, Form]
    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    withdrawn: tuple[Rule, ...] = ()

    def next_version(self, rule: Rule) -> int:
        """Return the number after every one that a version of the rule was ever released with."""
        known = (*self.rulebook.versions, *self.withdrawn)
        return 1 + max(one.version for one in known if (one.kind, one.id) == (rule.kind, rule.id))


def load(*, path: Path, commit: str) -> Release:
    """Return the release of `commit`; the last few are kept.

    Raises ReleaseBroken with every error, CommitMissing, RepositoryCorrupt.
    """
    return _kept(path.resolve(), commit)


def check_commit(
    *,
    path: Path,
    commit: str,
    follows: str | None = None,
    evaluators: Mapping[str, Evaluator] = _NO_EVALUATORS,
    now: datetime | None = None,
) -> tuple[Release | None, tuple[Diagnostic, ...]]:
    """Return the release of `commit`, None if any finding is an error, and every finding.

    `follows` is the released commit whose versions this one may not rewrite; with `now`, new versions may not
    begin in the past; `evaluators` compute what in-file tests expect beyond what the shapes answer.
    Raises CommitMissing and RepositoryCorrupt, never ReleaseBroken for `commit` itself.
    """
    files = read_files(path, commit)
    context, _ = read_context(files)  # its findings are among those of check()
    texts = _texts(path.resolve())
    brought, earlier, findings = texts.earlier(commit, files, context)
    previous = load(path=path, commit=follows).rulebook if follows is not None else None
    rulebook, checked = check(files=files, previous=previous, earlier=earlier, evaluators=evaluators, now=now)
    forms, form_findings = _forms(files)
    findings = (*findings, *checked, *form_findings)
    withdrawn = texts.withdrawn(commit, context)
    if rulebook is not None:
        findings += tuple(_rewritten((*withdrawn, *earlier, *rulebook.rules)))
    if rulebook is None or any(one.severity == Severity.ERROR for one in findings):
        return None, findings
    rules = [rule.of_commit(brought.get(rule.path, commit)) for rule in rulebook.rules]
    release = Release(
        commit=commit,
        rulebook=Rulebook(context=rulebook.context, rules=rules, earlier=earlier),
        forms=MappingProxyType(forms),
        files=MappingProxyType(dict(files)),
        diagnostics=findings,
        withdrawn=withdrawn,
    )
    return release, findings


@lru_cache(maxsize=_KEPT_RELEASES)
def _kept(path: Path, commit: str) -> Release:
    release, findings = check_commit(path=path, commit=commit)
    if release is None:
        errors = tuple(one for one in findings if one.severity == Severity.ERROR)
        raise ReleaseBroken(commit=commit, diagnostics=errors)
    return release


def _forms(files: Mapping[str, str]) -> tuple[dict[str, Form], tuple[Diagnostic, ...]]:
    forms: dict[str, Form] = {}
    findings: tuple[Diagnostic, ...] = ()
    for file in sorted(files):
        if file.startswith("forms/"):
            form, found = load_form(path=file, text=files[file])
            findings += found
            if form is not None:
                forms[form.id] = form
    return forms, findings


def _rewritten(rules: Iterable[Rule]) -> Iterable[Diagnostic]:
    """Yield each version that was released with two meanings: somebody wrote past the product."""
    first: dict[tuple[str, str, int], Rule] = {}
    for rule in rules:
        known = first.setdefault((rule.kind, rule.id, rule.version), rule)
        if known.meaning() != rule.meaning():
            place = rule.document.location(("version",))
            yield finding("VERSION_IMMUTABLE", place, id=rule.id, version=rule.version, next=rule.version + 1)


def _is_rule(file: str) -> bool:
    return file.count("/") == 2 and file.endswith(".yaml") and not file.startswith("rules/kinds/")


def _declares(file: str) -> bool:
    return file.startswith("rules/") and not _is_rule(file)


class _Texts:
    """The compiled earlier texts of one repository, kept for the facts and kinds last asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._declared = ""
        self._rules: dict[tuple[str, str], tuple[Rule | None, tuple[Diagnostic, ...]]] = {}

    def earlier(
        self, commit: str, files: Mapping[str, str], context: Context
    ) -> tuple[dict[str, str], tuple[Rule, ...], tuple[Diagnostic, ...]]:
        """Return which commit brought each file's text, the rules of all older texts, their findings."""
        brought: dict[str, str] = {}
        rules: list[Rule] = []
        findings: tuple[Diagnostic, ...] = ()
        repository = opened(self._path)
        with self._lock, reading(self._path):
            self._forget_unless(files)
            for file, texts in life_until(path=self._path, commit=commit).texts.items():
                if not _is_rule(file):
                    continue
                older = texts
                if file in files:
                    brought[file], older = texts[-1].commit, texts[:-1]
                for text in older:
                    rule, found = self._compiled(repository, file, text, context)
                    findings += found
                    if rule is not None:
                        rules.append(rule)
        return brought, tuple(rules), findings

    def withdrawn(self, commit: str, context: Context) -> tuple[Rule, ...]:
        """Return the rules of the texts that going back took out of the history of `commit`."""
        repository = opened(self._path)
        with self._lock, reading(self._path):
            taken = life_until(path=self._path, commit=commit).withdrawn.items()
            read = (
                self._compiled(repository, file, text, context)[0]
                for file, texts in taken
                for text in texts
                if _is_rule(file)
            )
            return tuple(rule for rule in read if rule is not None)

    def _forget_unless(self, files: Mapping[str, str]) -> None:
        declaring = [(file, text) for file, text in sorted(files.items()) if _declares(file)]
        declared = sha256(repr(declaring).encode()).hexdigest()
        if declared != self._declared:
            self._declared = declared
            self._rules.clear()

    def _compiled(
        self, repository: pygit2.Repository, file: str, text: Published, context: Context
    ) -> tuple[Rule | None, tuple[Diagnostic, ...]]:
        key = (file, text.blob)
        if key not in self._rules:
            written = text_of(repository, pygit2.Oid(hex=text.blob), file)
            rule, found = parse_rule(path=file, text=written, context=context, commit=text.commit)
            errors = (one for one in found if one.severity == Severity.ERROR)
            self._rules[key] = (rule, tuple(_moved(one, f"{file}@{text.commit[:12]}") for one in errors))
        return self._rules[key]


@lru_cache(maxsize=16)
def _texts(path: Path) -> _Texts:
    return _Texts(path)


def _moved(found: Diagnostic, file: str) -> Diagnostic:
    return replace(found, location=replace(found.location, file=file))
