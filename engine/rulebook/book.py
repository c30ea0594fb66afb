"""A checked rulebook: vocabulary, kinds, rules in all their versions, and what is in force when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.diagnostics import Diagnostic
from engine.expressions import Vocabulary
from engine.rulebook.errors import RuleNotFound
from engine.rulebook.facts import Aggregate, ApprovalChain
from engine.rulebook.kinds import Kind
from engine.rulebook.rules import Rule
from engine.rulebook.timelines import Span, Timeline, spans


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What a rule file is read against. `broken_kinds` are declared, but wrongly.

    `last_read` keeps the text read last of each rule file, the rule in it, and what was wrong with it.
    """

    vocabulary: Vocabulary
    kinds: Mapping[str, Kind]
    broken_kinds: frozenset[str]
    aggregates: tuple[Aggregate, ...]
    approvals: Mapping[str, ApprovalChain]
    last_read: dict[str, tuple[str, Rule | None, tuple[Diagnostic, ...]]] = field(default_factory=dict)


class Rulebook:
    """Rules in force over time. Immutable but for its cache of timelines, which only ever grows.

    `rules` are those of the files, one version each; `versions` adds the earlier ones.
    """

    __slots__ = ("_current", "_scopes", "_spans", "_timelines", "context", "rules", "versions")

    def __init__(self, *, context: Context, rules: Iterable[Rule], earlier: Iterable[Rule] = ()) -> None:
        """Take the rules of the files and the earlier versions from history; the files win."""
        self.context = context
        self.rules = tuple(sorted(rules, key=_order))
        by_version = {(rule.kind, rule.id, rule.version): rule for rule in (*earlier, *self.rules)}
        self.versions = tuple(sorted(by_version.values(), key=_order))
        self._current = {(rule.kind, rule.id): rule.version for rule in self.rules}
        self._spans = _spans_by_kind(self.versions, self._current)
        self._scopes = {kind: tuple(_named(found).items()) for kind, found in self._spans.items()}
        self._timelines: dict[tuple[str, tuple[str, ...]], Timeline] = {}

    @property
    def vocabulary(self) -> Vocabulary:
        """Return every fact."""
        return self.context.vocabulary

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Return the kinds by name."""
        return self.context.kinds

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """Return the aggregates in the order of their file."""
        return self.context.aggregates

    @property
    def approvals(self) -> Mapping[str, ApprovalChain]:
        """Return the approval chains by name."""
        return self.context.approvals

    def with_earlier(self, rules: Iterable[Rule]) -> Rulebook:
        """Return this rulebook knowing earlier versions too; those later than the file's own are left out."""
        return Rulebook(context=self.context, rules=self.rules, earlier=(*self.versions, *rules))

    def timeline(self, *, kind: str, scope: Mapping[str, str]) -> Timeline:
        """Return the timeline of a kind for a scope such as {"city": "BJ"}, made once and kept.

        Scope keys and values that no rule of the kind names make no difference, so they make no new timeline.
        """
        told_apart = self._scopes.get(kind, ())
        values = tuple([v if (v := scope.get(key, "")) in named else "" for key, named in told_apart])
        found = self._timelines.get((kind, values))
        if found is None:
            found = Timeline(kind=kind, scope=dict(scope), spans=self._spans.get(kind, ()))
            self._timelines[kind, values] = found
        return found

    def in_force(self, *, kind: str, at: datetime, scope: Mapping[str, str]) -> Rule:
        """Return the most specific rule in force. Raises NoRuleInForce."""
        return self.timeline(kind=kind, scope=scope).at(at)

    def all_in_force(self, *, kind: str, at: datetime, scope: Mapping[str, str]) -> tuple[Rule, ...]:
        """Return every rule in force, the most specific first, then by id."""
        return self.timeline(kind=kind, scope=scope).all_at(at)

    def spans(self, *, kind: str) -> tuple[Span, ...]:
        """Return when each version of each rule of a kind is in force, by id and start."""
        return self._spans.get(kind, ())

    def reads(self, *, kind: str) -> frozenset[str]:
        """Return the facts that any version of any rule of the kind reads."""
        return frozenset(
            name
            for rule in self.versions
            if rule.kind == kind
            for condition in rule.conditions.values()
            for name in condition.reads
        )

    def is_of_files(self, rule: Rule) -> bool:
        """Return whether this version is the one in the files, not an earlier one from history."""
        return self._current.get((rule.kind, rule.id)) == rule.version

    def find(self, *, rule_id: str, version: int | None = None) -> Rule:
        """Return a rule by id: the version of the files, or the one asked for. Raises RuleNotFound.

        Where it may have dated values, `.at(instant)` of it is how it read then.
        """
        known = self.rules if version is None else self.versions
        for rule in known:
            if rule.id == rule_id and version in (None, rule.version):
                return rule
        raise RuleNotFound(f"{rule_id}@{version or 'latest'}")


def _order(rule: Rule) -> tuple[str, str, int]:
    return rule.kind, rule.id, rule.version


def _named(found: Iterable[Span]) -> dict[str, frozenset[str]]:
    """Return every value that a scope of these rules names, by scope key."""
    named: dict[str, frozenset[str]] = {}
    for span in found:
        for key, values in span.rule.scope.items():
            named[key] = named.get(key, frozenset()) | frozenset(values)
    return named


def _spans_by_kind(
    versions: Iterable[Rule], current: Mapping[tuple[str, str], int]
) -> dict[str, tuple[Span, ...]]:
    """A rule deleted from the files has ended: its versions stay findable but are not in force."""
    by_rule: dict[tuple[str, str], list[Rule]] = {}
    for rule in versions:
        if rule.version <= current.get((rule.kind, rule.id), 0):
            by_rule.setdefault((rule.kind, rule.id), []).append(rule)
    by_kind: dict[str, tuple[Span, ...]] = {}
    for (kind, _), group in by_rule.items():
        by_kind[kind] = (*by_kind.get(kind, ()), *spans(group))
    return by_kind
