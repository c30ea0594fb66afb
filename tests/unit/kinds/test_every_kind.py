"""Every kind that ships: worked files pass; a wrong field or fact is found where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.diagnostics import Severity
from engine.rulebook import Context, Definition, Kind, Rulebook, parse_rule

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "rules" / "kinds"
KINDS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
BUILT_IN = {"table": ("rows.*.when", "rows.*.in"), "scored": ("rules.*.when",), "definition": ()}
SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.schema.json")}
FACT = re.compile(r"\b[a-z]+\.[a-z][a-z0-9_]*")
Path_ = tuple[str | int, ...]


def shipped_of(kind: str) -> list[tuple[str, str]]:
    """Return path and text of the rules of a kind."""
    found = sorted((ROOT / "rules" / kind).glob("*.yaml"))
    return [(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in found]


def codes(text: str, path: str, context: Context) -> set[tuple[str, int, int]]:
    """Return (code, line, column) of every finding that stops a rule."""
    _, findings = parse_rule(path=path, text=text, context=context)
    return {
        (one.code, one.location.line, one.location.column)
        for one in findings
        if one.severity is Severity.ERROR
    }


# ── worked files ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_worked_files_pass(kind: str, context: Context) -> None:
    rules = shipped_of(kind)
    assert rules
    for path, text in rules:
        rule, findings = parse_rule(path=path, text=text, context=context)
        assert rule is not None
        assert findings == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_title_is_chinese(kind: str, context: Context) -> None:
    titles = [context.kinds[kind].title, *(yaml.safe_load(text)["title"] for _, text in shipped_of(kind))]
    assert [title for title in titles if not re.search("[\u4e00-\u9fff]", title)] == []


def test_rules_of_kinds_ahead_of_their_feature_have_two_tests_each(rulebook: Rulebook) -> None:
    few = [
        rule.id
        for rule in rulebook.rules
        if not rulebook.kinds[rule.kind].in_use and rule.conditions and len(in_file_tests(rule.text)) < 2
    ]
    assert few == []


def test_every_condition_of_a_definition_is_expected_by_a_test(rulebook: Rulebook) -> None:
    """A condition that no in-file test names could say anything."""
    silent = [
        f"{rule.id}: {'.'.join(map(str, pointer))}"
        for rule in rulebook.rules
        if isinstance(rule.shape, Definition) and not rulebook.kinds[rule.kind].in_use
        for pointer in rule.conditions
        if not any(".".join(map(str, pointer)) in test["expect"] for test in in_file_tests(rule.text))
    ]
    assert silent == []


def in_file_tests(text: str) -> list[Mapping[str, Any]]:
    tests: list[Mapping[str, Any]] = yaml.safe_load(text).get("tests", [])
    return tests


# ── required fields ──────────────────────────────────────────────────────────────────────────────────


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a $ref stands for."""
    if "$ref" not in schema:
        return schema
    file, _, pointer = schema["$ref"].partition("#/$defs/")
    return resolved(SCHEMAS[file or "common.schema.json"]["$defs"][pointer])


def required(schema: Mapping[str, Any], value: Any, at: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Yield every field that must be there, by the mapping it stands in."""
    schema = resolved(schema)
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            yield at, name
        for name, item in value.items():
            below = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(below, dict):
                yield from required(below, item, (*at, name))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from required(schema.get("items", {}), item, (*at, number))


def place_of(text: str, at: Path_) -> int:
    """Return the line of the key (or the item) at a path, read by PyYAML and not by ours."""
    node, line = yaml.compose(text), 1
    for part in at:
        if isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            key, node = next(pair for pair in node.value if pair[0].value == part)
            line = key.start_mark.line + 1
    return line


@pytest.mark.parametrize("kind", KINDS)
def test_each_required_field_that_is_missing_is_named_where_it_belongs(kind: str, context: Context) -> None:
    path, text = shipped_of(kind)[0]
    content = {key: value for key, value in yaml.safe_load(text).items() if key != "tests"}
    fields = list(required(SCHEMAS[f"{kind}.schema.json"], content))
    assert len(fields) >= 9  # the seven of every rule, from and to, and what the spec asks for
    for at, name in fields:
        broken = json.loads(json.dumps(content))
        parent = broken
        for part in at:
            parent = parent[part]
        del parent[name]
        without = yaml.safe_dump(broken, allow_unicode=True, sort_keys=False, width=1000)
        _, findings = parse_rule(path=path, text=without, context=context)
        told = {(one.code, one.location.line) for one in findings if f"“{name}”" in one.message}
        assert ("SCHEMA_MISSING_FIELD", place_of(without, at)) in told, (at, name, findings)


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────


def conditions(kind: Kind, text: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Yield every condition of a rule file with the declared path it stands at."""
    spec = next(node for key, node in yaml.compose(text).value if key.value == "spec")
    for path in (*BUILT_IN[kind.shape], *(".".join(parts) for parts in kind.conditions)):
        yield from ((path, node) for node in below(spec, path.split(".")) if node.id == "scalar")


def below(node: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield node
    elif node.id == "sequence" and parts[0] == "*":
        for item in node.value:
            yield from below(item, parts[1:])
    elif node.id == "mapping":
        for key, item in node.value:
            if parts[0] in ("*", key.value):
                yield from below(item, parts[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_misspelt_fact_is_found_in_every_condition(kind: str, context: Context) -> None:
    declared = context.kinds[kind]
    paths: set[str] = set()
    for file, text in shipped_of(kind):
        for path, node in conditions(declared, text):
            paths.add(path)
            fact = FACT.search(text, node.start_mark.index, node.end_mark.index)
            if fact is None:
                assert node.value == "true"
                continue
            wrong = text[: fact.end() - 1] + "Q" + text[fact.end() :]
            line = node.start_mark.line + 1
            column = node.start_mark.column + 1 + fact.start() - node.start_mark.index
            assert ("FACT_UNKNOWN", line, column) in codes(wrong, file, context), (path, node.value)
    # A path at which no worked file has a condition would be declared in vain; grids have cells, not texts.
    assert {".".join(parts) for parts in declared.conditions} <= paths


def test_every_fact_that_conditions_read_is_declared_with_both_titles(rulebook: Rulebook) -> None:
    read = {name for rule in rulebook.rules for one in rule.conditions.values() for name in one.reads}
    facts = rulebook.vocabulary.facts
    assert [name for name in sorted(read) if not (facts[name].title and facts[name].title_en)] == []
