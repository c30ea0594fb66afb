"""Rules on trial beside those in force: in shadow, or rolled out to a sample; checked here, run by features.

A kind whose `checks` name `rollout` has `mode: shadow | rollout | enforce`, `in_place_of` (the rule of the
kind that the one on trial is to replace) and, for a rollout, `rollout`: its sample.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Diagnostic
from engine.rulebook.book import Rulebook
from engine.rulebook.kinds import Kind
from engine.rulebook.rules import Rule
from engine.rulebook.schemas import nearest
from engine.rulebook.timelines import Span, overlap
from engine.rulebook.wording import finding

_ENFORCED, _ROLLOUT = "enforce", "rollout"


def check_rollouts(rulebook: Rulebook) -> Iterator[Diagnostic]:
    """Yield what is wrong with the rules on trial: no end, no sample, nothing to replace, two at once."""
    for kind in rulebook.kinds.values():
        if any(check.check == "rollout" for check in kind.checks):
            for rule in rulebook.rules:
                if rule.kind == kind.name:
                    yield from _rule(rulebook, rule)
            yield from _twice(rulebook, kind)


def _rule(rulebook: Rulebook, rule: Rule) -> Iterator[Diagnostic]:
    mode, place = rule.spec["mode"], rule.document.location
    if mode != _ENFORCED and rule.effective_to is None:
        yield finding("TRIAL_ENDLESS", place(("effective", "to")))
    if (mode == _ROLLOUT) != ("rollout" in rule.spec):
        yield finding("ROLLOUT_SAMPLE", place(("spec", "mode")))
    base = rule.spec.get("in_place_of")
    if base is None:
        return
    at = place(("spec", "in_place_of"))
    others = [one for one in rulebook.rules if one.kind == rule.kind and one.id != rule.id]
    enforced = [one.id for one in others if one.spec["mode"] == _ENFORCED]
    if mode == _ENFORCED or base not in enforced:
        close = nearest(base, enforced)
        hint = (f"是否想写 {close}？", f"did you mean {close}?") if close else None
        yield finding("TRIAL_BASE", at, hint=hint, base=base)


def _twice(rulebook: Rulebook, kind: Kind) -> Iterator[Diagnostic]:
    """Of two rollouts in one place, nobody could say which a payment meets."""
    met: list[Span] = []
    for span in rulebook.spans(kind=kind.name):
        spec = span.rule.spec
        if spec["mode"] != _ROLLOUT or "in_place_of" not in spec:
            continue
        for other in met:
            if (
                other.rule.spec["in_place_of"] == spec["in_place_of"]
                and other.rule.id != span.rule.id
                and overlap(other, span)
            ):
                at = span.rule.document.location(("spec", "in_place_of"))
                yield finding("ROLLOUT_TWICE", at, base=spec["in_place_of"], other=other.rule.path)
        met.append(span)
