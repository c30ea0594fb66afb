"""Rules that checking would refuse, or that no shipped kind could write, made to be proved about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.rulebook import Kind, Rule, Rulebook, parse_rule, read_context
from engine.rulebook.dated import stretches
from engine.rulebook.documents import load
from engine.rulebook.prove import Proof, prove, prove_rule
from engine.rulebook.rules import build_rule, compile_conditions

ROOT = Path(__file__).parents[3]
SCHEMA = json.dumps({"type": "object", "required": ["spec"]})
HEAD = (
    "kind: made\nid: made.test\nversion: 1\ntitle: 试\nowner: 测试\n"
    'effective: {from: "2025-01-01T00:00:00+08:00", to: null}\n'
)
Prove = Callable[..., tuple[Proof, ...]]
Made = Callable[..., Rule]
ProveBetween = Callable[..., tuple[Proof, ...]]


@pytest.fixture
def made(shipped: Mapping[str, str]) -> Made:
    """Make one spec a rule under a kind made for the test."""

    def of(spec: Mapping[str, Any], *, kind: str) -> Rule:
        return _made(shipped, spec, kind, {})[0]

    return of


@pytest.fixture
def proofs(shipped: Mapping[str, str]) -> Prove:
    """Prove one spec under a kind made for the test; return the proofs of one claim, in order."""

    def of(
        code: str, spec: Mapping[str, Any], *, kind: str, beside: Mapping[str, Any] | None = None
    ) -> tuple[Proof, ...]:
        rule, declared = _made(shipped, spec, kind, beside or {})
        return tuple(one for one in prove_rule(rule=rule, kind=declared) if one.code == code)

    return of


@pytest.fixture
def proofs_between(shipped: Mapping[str, str]) -> ProveBetween:
    """Prove rules together, also such as checking would refuse; return the proofs of one claim by file."""

    def of(code: str, kinds: Mapping[str, str], rules: Sequence[Mapping[str, Any]]) -> tuple[Proof, ...]:
        files = dict(shipped)
        for name, declared in kinds.items():
            head = f"kind: {name}\ntitle: {{zh: 试, en: Made}}\nnamespaces: [txn, merchant, now]\n"
            files[f"rules/kinds/{name}.yaml"] = head + "approval: operations\n" + declared
            files[f"rules/kinds/{name}.schema.json"] = SCHEMA
        context, findings = read_context(files)
        assert not findings, findings
        read = []
        for rule in rules:
            written = {"version": 1, "title": "试", "owner": "测试", **rule}
            path = f"rules/{rule['kind']}/{rule['id']}.yaml"
            made, wrong = parse_rule(path=path, text=json.dumps(written), context=context)
            assert made is not None, wrong
            read.append(made)
        book = Rulebook(context=context, rules=read)
        return tuple(one for one in prove(rulebook=book) if one.code == code)

    return of


def _made(
    shipped: Mapping[str, str], spec: Mapping[str, Any], kind: str, beside: Mapping[str, Any]
) -> tuple[Rule, Kind]:
    declared = (
        "kind: made\ntitle: {zh: 试, en: Made}\nnamespaces: [txn, merchant, broker, now]\n"
        "approval: operations\npriority: {output: decision, order: [REJECT, REVIEW, PASS]}\n"
    )
    files = {"rules/kinds/made.yaml": declared + kind, "rules/kinds/made.schema.json": SCHEMA}
    context, findings = read_context({**shipped, **files})
    assert not findings, findings
    written = "".join(f"{key}: {json.dumps(value)}\n" for key, value in {"spec": spec, **beside}.items())
    document, wrong = load(path="rules/made/made.test.yaml", text=HEAD + written)
    assert document is not None, wrong
    conditions, wrong = compile_conditions(document, context.kinds["made"])
    assert not [one for one in wrong if one.code != "FACT_NOT_SUPPLIED"], wrong
    cut, misdated = stretches(document)
    assert not misdated
    rule = build_rule(
        document=document, stretches=cut, kind=context.kinds["made"], conditions=conditions, commit=""
    )
    return rule, context.kinds["made"]
