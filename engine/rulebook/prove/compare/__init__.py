"""Two versions of one rule: equal, dearer, cheaper, mixed or changed, in all cases and in each slice, proved.

    comparison = compare(old=old, new=new, kind=kind, evaluators=EVALUATORS)
    comparison.whole.effect                                  # Effect.DEARER
    comparison.whole.witnesses[0].words(language="zh")       # 应结金额：¥100.00：¥0.38（…） → ¥0.60（…）

What is dearer, and by what cases are sliced, the kind's file says (`compare`). Every witness is confirmed by
the function that decides payments; what the solver does not settle is undecided, never equal. A rule is
compared by itself: without its dates and the other rules of its kind. docs/differences.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.rulebook.compared import Compared
from engine.rulebook.differences import Words, rule_differences
from engine.rulebook.documents import Pointer
from engine.rulebook.file_tests import Evaluator
from engine.rulebook.kinds import Kind, ShapeName
from engine.rulebook.prove.compare.model import Comparison, Effect, Outcome, Slice, Way, Witness
from engine.rulebook.prove.compare.search import Cut, Found, Search
from engine.rulebook.prove.compare.tables import TableVersions
from engine.rulebook.prove.compare.versions import DefinitionVersions, ScoredVersions, Versions
from engine.rulebook.rules import Rule
from engine.rulebook.scores import Scored

_DECIDING: Mapping[ShapeName, tuple[tuple[str, ...], ...]] = {
    ShapeName.TABLE: (("rows",), ("inputs",), ("rounding",)),
    ShapeName.SCORED: (("rules",), ("score_bands",)),
    ShapeName.DEFINITION: (),
}
"""Below spec, by shape: what outcomes show, so that it is no setting of its own."""


def compare(*, old: Rule, new: Rule, kind: Kind, evaluators: Mapping[str, Evaluator]) -> Comparison:
    """Return how two versions of a rule of `kind` compare, by themselves.

    `evaluators` compute, by kind, the amounts that rows charge: the functions that price payments.
    Raises WitnessDenied where the solver and they disagree, ValueError where the kind's evaluator is missing.
    """
    versions = _versions(old, new, kind, evaluators)
    charge = kind.compared.charge
    defaults = {name: fact.default for name, fact in kind.vocabulary.facts.items()}
    search = Search(
        versions=versions,
        rules=(old, new),
        slicing=kind.compared.slices,
        basis=charge.basis if charge is not None else None,
        defaults=defaults,
    )
    found, settings = search.run(), _settings(old, new, kind)
    cuts = [cut for cut in search.cuts if _may_apply(cut, old, new, kind.compared)]
    return Comparison(
        about=versions.about,
        whole=_slice(None, found, settings, kind.compared),
        slices=tuple(_slice(cut, found, settings, kind.compared) for cut in cuts),
        settings=settings,
    )


def compare_over_time(
    *, old: Rule, new: Rule, kind: Kind, evaluators: Mapping[str, Evaluator]
) -> tuple[tuple[datetime, Comparison], ...]:
    """Return how they compare from the start of the new one on, anew at each date that changes a value."""
    starts = {one.effective_from for rule in (old, new) for one in rule.stretches}
    since = (new.effective_from, *sorted(start for start in starts if start > new.effective_from))
    return tuple(
        (start, compare(old=old.at(start), new=new.at(start), kind=kind, evaluators=evaluators))
        for start in since
    )


def _versions(old: Rule, new: Rule, kind: Kind, evaluators: Mapping[str, Evaluator]) -> Versions:
    if isinstance(old.shape, Scored) and isinstance(new.shape, Scored):
        return ScoredVersions(old.shape, new.shape, kind.order)
    if kind.shape == ShapeName.TABLE:
        return TableVersions(old, new, kind, evaluators.get(kind.name))
    return DefinitionVersions(old, new, kind.compared)


def _slice(cut: Cut | None, found: Mapping[Way, Found], settings: tuple[Words, ...], by: Compared) -> Slice:
    witnesses = {way: one.witnesses[cut] for way, one in found.items() if cut in one.witnesses}
    reasons = [one.unsettled[cut] for one in found.values() if cut in one.unsettled]
    effect = _effect(frozenset(witnesses), by)
    if reasons and effect != Effect.MIXED:
        effect = Effect.UNDECIDED
    elif effect == Effect.EQUAL and settings:
        effect = Effect.CHANGED
    return Slice(
        fact=cut.fact if cut is not None else None,
        value=cut.value if cut is not None else None,
        effect=effect,
        witnesses=tuple(witnesses[way] for way in Way if way in witnesses),
        reason=reasons[0] if reasons else "",
    )


def _effect(ways: frozenset[Way], by: Compared) -> Effect:
    """Where both apply they are compared; that only one does changes what is otherwise equal."""
    greater, less = (
        (Effect.DEARER, Effect.CHEAPER) if by.greater_is_dearer else (Effect.CHEAPER, Effect.DEARER)
    )
    only = {Way.GREATER: greater, Way.LESS: less, Way.OTHER: Effect.CHANGED}
    comparable = ways - {Way.SCOPE}
    if not comparable:
        return Effect.CHANGED if ways else Effect.EQUAL
    return only[next(iter(comparable))] if len(comparable) == 1 else Effect.MIXED


def _may_apply(cut: Cut, old: Rule, new: Rule, by: Compared) -> bool:
    """Return whether either version is for any case of a slice; of the others there is nothing to say."""
    keys = [key for key, fact in by.slices.items() if fact == cut.fact]
    scopes = [rule.scope.get(key) for key in keys for rule in (old, new)]
    return not scopes or any(values is None or cut.value in values for values in scopes)


def _settings(old: Rule, new: Rule, kind: Kind) -> tuple[Words, ...]:
    """Return what differs below spec, or in a scope no fact answers to, and shows in no outcome."""
    paths = [*_DECIDING[kind.shape], *kind.compared.without_effect]
    paths += [path for part in kind.compared.parts for path in part.rates]
    conditions = old.conditions.keys() | new.conditions.keys()
    found = []
    for one in rule_differences(old=old, new=new, kind=kind):
        at = one.pointer
        unsliced = at[:1] == ("scope",) and not set(at[1:2]) & kind.compared.slices.keys()
        below = at[:1] == ("spec",) and at[1:] not in conditions
        if unsliced or (below and not any(_within(at[1:], path) for path in paths)):
            found.append(Words(zh=one.words(language="zh"), en=one.words(language="en")))
    return tuple(found)


def _within(at: Pointer, path: tuple[str, ...]) -> bool:
    """Return whether a pointer leads into what a path means, or to something that holds it."""
    return all(part in ("*", str(key)) for key, part in zip(at, path, strict=False))


__all__ = ["Comparison", "Effect", "Outcome", "Slice", "Way", "Witness", "compare", "compare_over_time"]
