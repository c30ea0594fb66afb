"""Everything the payment path needs of one release, prepared once: facts, risk, prices, shares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from engine.expressions import EvaluationError
from engine.rulebook import Definition, Rule, Rulebook, RulebookError
from payments_core.fees import COST_KIND, FEE_KIND, Price, Pricer
from payments_core.merchants.directory import Directory
from payments_core.merchants.model import MerchantView, Served
from payments_core.payments.errors import PriceMissing
from payments_core.payments.fact_sets import FactSets
from payments_core.payments.facts import FactReader, Facts
from payments_core.payments.in_force import SHARE_KIND, InForce, RulesInForce
from payments_core.payments.model import AcceptRequest
from payments_core.profit_share.model import Stream, eligible_margin, stream_for
from payments_core.risk import RiskPolicy, Windows, microseconds

CACHE_LIMIT = 100_000
_PRICED = ("txn.fee_fen", "txn.cost_fen", "txn.margin_fen")


class Release(Protocol):
    """What the payment path reads of an `engine.releases.Release`."""

    @property
    def rulebook(self) -> Rulebook:
        """The checked rules."""
        ...


class Rulebooks(Protocol):
    """What the payment path reads of `payments_core.rulebooks.ActiveRulebook`."""

    def get(self, release_no: int, /) -> Release:
        """Return a release by its number, compiled once and kept."""
        ...


class Priced(NamedTuple):
    """What a capture books: the price, the margin that is shared, and the stream it joins."""

    price: Price
    eligible_margin_fen: int
    stream: Stream | None


class Policy:
    """One release, ready to decide and to price."""

    def __init__(
        self,
        *,
        release_no: int,
        rulebook: Rulebook,
        directory: Directory,
        fact_sets: FactSets,
        before: Policy | None = None,
    ) -> None:
        """Prepare `rulebook` for the merchants in `directory`; `before` is the release it follows."""
        self.release_no = release_no
        self.rulebook = rulebook
        self.risk = RiskPolicy(rulebook)
        aggregates = [a for a in rulebook.aggregates if a.fact in self.risk.reads]
        # Windows are costly to read again, and most releases leave the aggregates as they were.
        kept = before is not None and before.windows.serve(aggregates)
        self.windows: Windows = before.windows if before and kept else Windows(aggregates)
        self.pricer = Pricer(rulebook)
        self._directory = directory
        self._scope_keys = frozenset(key for rule in rulebook.versions for key in rule.scope)
        made = frozenset(a.fact for a in rulebook.aggregates)
        vocabulary = rulebook.vocabulary
        # What is read to decide is stored with the payment, so the aggregates' own facts belong to it:
        # another process rebuilds its windows from them.
        self.decision_facts = FactReader(
            vocabulary=vocabulary,
            reads=self.risk.reads | (self.windows.reads - made),
            directory=directory,
        )
        self.fact_sets = fact_sets
        self.fact_set_no = fact_sets.number_of(self.decision_facts.names)
        self.price_facts = FactReader(
            vocabulary=vocabulary,
            reads=frozenset().union(*(rulebook.reads(kind=k) for k in (FEE_KIND, COST_KIND, SHARE_KIND))),
            directory=directory,
        )
        defaults = vocabulary.facts
        self._nothing: Facts = {name: defaults[name].default for name in self.windows.reads}
        # By the identity of a row, which the rulebook keeps alive as long as this policy lives.
        self.ref_nos: dict[int, int] = {}
        self._stream_reads: dict[int, tuple[str, ...]] = {}
        self._streams: dict[tuple[Any, ...], Stream | None] = {}
        self._rules = RulesInForce(rulebook, self.risk)
        # The rules each merchant met last, as long as the same people serve it.
        self._met: dict[str, tuple[Served, InForce]] = {}
        self._met_no = -1

    def count_refund(self, *, merchant_id: str, payer_id: str, amount_fen: int, at: datetime) -> None:
        """Count a refund that has gone back in the velocity windows whose condition admits refunds."""
        known: Facts = {
            "txn.type": "REFUND",
            "txn.amount_fen": amount_fen,
            "txn.payer_id": payer_id,
            "merchant.id": merchant_id,
        }
        facts = self._nothing | {name: value for name, value in known.items() if name in self._nothing}
        self.windows.count_in(facts, microseconds(at))

    def in_force(self, view: MerchantView, served: Served, at: datetime) -> InForce:
        """Return the rules a payment of the merchant meets at `at`."""
        if self._met_no != self._directory.directory_no:
            self._met.clear()
            self._met_no = self._directory.directory_no
        met = self._met.get(view.merchant_id)
        if met is not None and met[0] is served and met[1].start <= at < met[1].end:
            return met[1]
        if len(self._met) > CACHE_LIMIT:
            self._met.clear()
        found = self._rules.at(self._scope(view, served), at)
        self._met[view.merchant_id] = (served, found)
        return found

    def _scope(self, view: MerchantView, served: Served) -> dict[str, str]:
        """Return the scope a merchant's rules are looked up by: only the keys that any rule names."""
        whole = {
            "city": view.city_id,
            "district": served.district_id,
            "store": served.store_id,
            "merchant": view.merchant_id,
            "mcc": view.mcc,
            "type": view.type,
        }
        return {key: value for key, value in whole.items() if key in self._scope_keys}

    def priced(
        self, request: AcceptRequest, view: MerchantView, served: Served, *, paid_at: datetime, paid_on: date
    ) -> Priced:
        """Return what a payment paid at `paid_at` books. Raises PriceMissing where no rule answers."""
        facts = self.price_facts.read(request, view, served, paid_at)
        rules, settle_amount_fen = self.in_force(view, served, paid_at), request.settle_amount_fen
        if rules.fee is None or rules.cost is None:
            raise PriceMissing(f"no merchant_fee or no channel_cost is in force at {paid_at.isoformat()}")
        try:
            price = self.pricer.price_by(
                rules.fee, rules.cost, facts=facts, settle_amount_fen=settle_amount_fen
            )
            _put_price(facts, price, settle_amount_fen)
            eligible_fen, stream = self._share(rules.share, view, served, facts, price, paid_on)
        except (RulebookError, EvaluationError) as error:
            raise PriceMissing(f"{type(error).__name__}: {error}") from error
        return Priced(price=price, eligible_margin_fen=eligible_fen, stream=stream)

    def reversal_days(self, *, rule_id: str, version: int) -> int | None:
        """Return for how many days after a sale a refund takes its shares back; None where without end."""
        reversal = self.rulebook.find(rule_id=rule_id, version=version).spec.get("reversal")
        return int(reversal["max_days"]) if reversal else None

    def _share(
        self,
        rule: Rule | None,
        view: MerchantView,
        served: Served,
        facts: Facts,
        price: Price,
        paid_on: date,
    ) -> tuple[int, Stream | None]:
        if rule is None:
            return 0, None  # nobody shares: the platform keeps the margin
        margin_fen = eligible_margin(rule=rule, margin_fen=price.fee_fen - price.cost_fen, facts=facts)
        return margin_fen, self._stream(rule, view, served, facts, paid_on)

    def _stream(
        self, rule: Rule, view: MerchantView, served: Served, facts: Facts, paid_on: date
    ) -> Stream | None:
        reads = self._stream_reads.get(id(rule))
        if reads is None:
            reads = self._stream_reads[id(rule)] = _read_by_lines(rule)
        key = (
            id(rule),
            view.merchant_id,
            served,
            paid_on.year * 12 + paid_on.month,
            *(facts[name] for name in reads),
        )
        if key in self._streams:
            return self._streams[key]
        if len(self._streams) > CACHE_LIMIT:
            self._streams.clear()
        stream = stream_for(
            rule=rule,
            merchant_id=view.merchant_id,
            store_id=served.store_id,
            opener=served.opener,
            maintainer=served.maintainer,
            paid_on=paid_on,
            facts=facts,
        )
        self._streams[key] = stream
        return stream


def _read_by_lines(rule: Rule) -> tuple[str, ...]:
    shape = rule.shape
    if not isinstance(shape, Definition):
        return ()
    conditions = (c for pointer, c in shape.conditions.items() if pointer != ("eligible",))
    return tuple(sorted({name for condition in conditions for name in condition.reads}))


def _put_price(facts: Facts, price: Price, settle_amount_fen: int) -> None:
    figures = (price.fee_fen, price.cost_fen, price.fee_fen - price.cost_fen)
    for name, value in zip(_PRICED, figures, strict=True):
        if name in facts:
            facts[name] = value
    if "txn.fee_ppm" in facts and settle_amount_fen:
        facts["txn.fee_ppm"] = price.fee_fen * 1_000_000 // settle_amount_fen
