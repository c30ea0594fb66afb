"""Whatever stands where a value belongs, in a rule of any kind: findings, never an exception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagnostics import Severity
from engine.rulebook import parse_rule, read_context

ROOT = Path(__file__).parents[3]
FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted((ROOT / "rules").rglob("*"))
    if path.is_file()
}
CONTEXT = read_context(FILES)[0]
RULES = [path for path in FILES if path.count("/") == 2 and not path.startswith("rules/kinds/")]
ODD = st.sampled_from(
    (
        None,
        True,
        0,
        -1,
        10**30,
        "",
        "0",
        "NaN",
        "1e9",
        "x.y",
        "a b",
        [],
        [None],
        {},
        {"a": 1},
        [["b"]],
        [1, "2"],
    )
)


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every value below `value`."""
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in found:
        yield (*at, key)
        yield from places(item, (*at, key))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), odd=ODD)
def test_an_odd_value_anywhere_is_a_finding_or_fits(data: st.DataObject, odd: Any) -> None:
    path = data.draw(st.sampled_from(RULES))
    content = json.loads(json.dumps(yaml.safe_load(FILES[path])))
    *parents, last = data.draw(st.sampled_from(sorted(places(content["spec"], ("spec",)), key=str)))
    parent = content
    for part in parents:
        parent = parent[part]
    parent[last] = odd
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
    rule, findings = parse_rule(path=path, text=text, context=CONTEXT)
    assert (rule is None) == any(one.severity is Severity.ERROR for one in findings)
    for one in findings:
        assert 1 <= one.location.line <= text.count("\n") + 1
        assert one.message
        assert one.message_en
