"""What rule files are read against: facts, aggregates, approval chains and kinds; and which file is what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.diagnostics import Diagnostic, Location
from engine.expressions import Vocabulary
from engine.rulebook.book import Context
from engine.rulebook.documents import Document, load
from engine.rulebook.facts import (
    AGGREGATES_PATH,
    APPROVAL_PATH,
    FACTS_PATH,
    read_aggregates,
    read_approval,
    read_facts,
)
from engine.rulebook.kinds import KINDS_FOLDER, SCHEMA_SUFFIX, Kind, read_kind
from engine.rulebook.schemas import parse_schema
from engine.rulebook.wording import finding

RULES_FOLDER = "rules/"
_DECLARATIONS = (FACTS_PATH, AGGREGATES_PATH, APPROVAL_PATH)
_KEPT_CONTEXTS = 8


def read_context(files: Mapping[str, str]) -> tuple[Context, list[Diagnostic]]:
    """Return what rules are read against: as much of it as can be read, and the findings.

    The same declarations give the same context, so that what was read against it can be kept with it.
    """
    declaring = tuple(sorted((path, text) for path, text in files.items() if _declares(path)))
    context, findings = _read(declaring)
    return context, list(findings)


def is_rule(path: str) -> bool:
    """Tell whether a file stands where rules are."""
    in_place = path.startswith(RULES_FOLDER) and path.endswith(".yaml") and path.count("/") == 2
    return in_place and not _is_kind(path)


def is_stray(path: str) -> bool:
    """Tell whether a file under rules/ looks like a rule but stands where none is read."""
    looks_like_one = path.startswith(RULES_FOLDER) and path.endswith((".yaml", ".yml", ".json"))
    return looks_like_one and not is_rule(path) and not _declares(path)


def _declares(path: str) -> bool:
    is_schema = path.startswith(KINDS_FOLDER) and path.endswith(".json")
    return path in _DECLARATIONS or _is_kind(path) or is_schema


def _is_kind(path: str) -> bool:
    return path.startswith(KINDS_FOLDER) and path.endswith(".yaml") and path.count("/") == 2


def _kind_name(path: str) -> str:
    return path.removeprefix(KINDS_FOLDER).removesuffix(".yaml")


@lru_cache(maxsize=_KEPT_CONTEXTS)
def _read(declaring: tuple[tuple[str, str], ...]) -> tuple[Context, tuple[Diagnostic, ...]]:
    files = dict(declaring)
    findings: list[Diagnostic] = []
    documents = _documents(files, findings)
    vocabulary = Vocabulary(facts={})
    aggregates: tuple[Any, ...] = ()
    approvals: Mapping[str, Any] = {}
    if FACTS_PATH in documents:
        facts, found = read_facts(documents[FACTS_PATH])
        findings.extend(found)
        vocabulary = Vocabulary.of(facts=facts)
    if AGGREGATES_PATH in documents and vocabulary.facts:
        aggregates, made, found = read_aggregates(documents[AGGREGATES_PATH], vocabulary)
        findings.extend(found)
        vocabulary = Vocabulary.of(facts=(*vocabulary.facts.values(), *made))
    if APPROVAL_PATH in documents:
        approvals, found = read_approval(documents[APPROVAL_PATH])
        findings.extend(found)
    # Without facts or chains nothing else can be right: what is wrong with them is all there is to say.
    is_readable = bool(vocabulary.facts and approvals) and AGGREGATES_PATH in documents
    kinds = _kinds(files, documents, vocabulary, approvals, findings) if is_readable else {}
    context = Context(
        vocabulary=vocabulary,
        kinds=kinds,
        broken_kinds=frozenset(_kind_name(path) for path in files if _is_kind(path)) - kinds.keys(),
        aggregates=aggregates,
        approvals=approvals,
    )
    return context, tuple(findings)


def _documents(files: Mapping[str, str], findings: list[Diagnostic]) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for path in (*_DECLARATIONS, *sorted(path for path in files if _is_kind(path))):
        if path not in files:
            findings.append(finding("FILE_MISSING", Location(file=path, line=1, column=1), path=path))
            continue
        document, wrong = load(path=path, text=files[path])
        findings.extend(wrong)
        if document is not None:
            documents[path] = document
    return documents


def _kinds(
    files: Mapping[str, str],
    documents: Mapping[str, Document],
    vocabulary: Vocabulary,
    approvals: Mapping[str, Any],
    findings: list[Diagnostic],
) -> dict[str, Kind]:
    schemas: dict[str, Mapping[str, Any]] = {}
    for path, text in files.items():
        if path.startswith(KINDS_FOLDER) and path.endswith(SCHEMA_SUFFIX):
            schema, wrong = parse_schema(path=path, text=text)
            findings.extend(wrong)
            if schema is not None:
                schemas[path.removeprefix(KINDS_FOLDER)] = schema
    kinds: dict[str, Kind] = {}
    for path, document in documents.items():
        schema_name = _kind_name(path) + SCHEMA_SUFFIX
        is_broken = KINDS_FOLDER + schema_name in files and schema_name not in schemas
        if _is_kind(path) and not is_broken:
            kind, found = read_kind(
                document=document, schemas=schemas, vocabulary=vocabulary, approvals=approvals
            )
            findings.extend(found)
            if kind is not None:
                kinds[kind.name] = kind
    return kinds
