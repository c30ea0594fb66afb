"""What a past payment would cost by the rules as known now, from what was fixed when it was made.

A fact comes from the payment's row, the dated organisation, what never changes of a merchant, or the facts
that were stored with its decision; the tags of a merchant today are no fact of a payment of last month. What
was booked is evidence: the row that priced a payment was the first whose condition held, so a new version
with the same conditions needs none of them evaluated. A condition that cannot be known leaves the payment as
it is booked, and it is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from engine.expressions import EvaluationError, FactType
from engine.rulebook import Row, Rule, Rulebook, RulebookError, RuleNotFound
from payments_core.corrections.evidence import (
    PRICED,
    Facts,
    Line,
    Standing,
    Unknown,
    Version,
    Witnessed,
    choose,
    share_evidence,
    table_of,
)
from payments_core.corrections.model import SalePrice
from payments_core.fees import COST_KIND, FEE_KIND, ZERO_FOR_BROKER, Pricing, parse_pricing, rounding_of
from payments_core.merchants.directory import Directory
from payments_core.merchants.model import Served
from payments_core.payments.facts import FactReader
from payments_core.payments.in_force import SHARE_KIND
from payments_core.payments.model import AcceptRequest
from payments_core.profit_share import Stream, eligible_margin, stream_for

KINDS = (FEE_KIND, COST_KIND, SHARE_KIND)
# Of the facts that the payment path reads, those that say today what they said then.
_LASTING = ("txn.", "now.", "store.", "district.", "city.")
_DRIFTING = frozenset({"txn.payer_is_owner", "txn.payer_is_broker", "store.active_merchants"}) | PRICED
_LASTING_TOO = frozenset(
    {
        "merchant.id", "merchant.type", "merchant.mcc", "merchant.city", "merchant.district",
        "merchant.store_id", "merchant.broker_id", "merchant.days_since_active", "broker.id",
        "broker.store_id", "device.sn",
    }
)  # fmt: skip


class Releases(Protocol):
    """Releases by their number, such as `payments_core.rulebooks.ActiveRulebook`."""

    def get(self, release: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A captured payment, as far as its price depends on it."""

    request: AcceptRequest
    paid_at: datetime
    business_date: date
    stored: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriced:
    """The price as known now, the rows of fee and cost, and the stream to open where it is another one."""

    price: SalePrice
    fee: tuple[Rule, Row]
    cost: tuple[Rule, Row]
    stream: Stream | None


class Repricer:
    """Prices past payments by the corrections of one rulebook."""

    def __init__(
        self,
        *,
        rulebook: Rulebook,
        releases: Releases,
        directory: Directory,
        known_at: Mapping[Version, datetime],
    ) -> None:
        """Price by the versions in `known_at` (when each first came into force) alone."""
        self._rulebook, self._releases = rulebook, releases
        self._directory, self._known_at = directory, known_at
        # By the identity of a row, which its rulebook keeps alive.
        self._pricings: dict[int, Pricing] = {}
        reads = frozenset[str]().union(*(rulebook.reads(kind=kind) for kind in KINDS))
        self._facts = rulebook.vocabulary.facts
        self._reader = FactReader(vocabulary=rulebook.vocabulary, reads=reads, directory=directory)
        self._kept = frozenset(name for name in reads if self._is_lasting(name))

    def standing_price(self, sale: Sale, standing: Standing) -> SalePrice:
        """Return the price of the books, with the arithmetic of its rows."""
        fee, cost = (self._booked_row(line, sale, standing) for line in (standing.fee, standing.cost))
        return SalePrice(
            fee=self._pricing(*fee),
            cost=self._pricing(*cost),
            fee_fen=standing.fee_fen,
            cost_fen=standing.cost_fen,
            margin_fen=standing.margin_fen,
            stream_id=standing.stream_id,
            reversal_days=_reversal_days(self._booked_share(sale, standing)),
        )

    def reprice(self, sale: Sale, standing: Standing) -> Repriced | None:
        """Return the price as known now; None where no correction is about the payment. Raises Unknown."""
        view = self._directory.merchant(sale.request.merchant_id)
        if view is None:
            raise Unknown("merchant")
        served = self._directory.binding(view.merchant_id, sale.paid_at)
        scope = {
            "city": view.city_id,
            "district": served.district_id,
            "store": served.store_id,
            "merchant": view.merchant_id,
            "mcc": view.mcc,
            "type": view.type,
        }
        found = {kind: self._correcting(kind, scope, sale) for kind in KINDS}
        stood = ((standing.fee.rule_id, standing.fee.version), (standing.cost.rule_id, standing.cost.version))
        now = tuple(rule and (rule.id, rule.version) for rule in found.values())
        if all(new in (None, old) for new, old in zip(now, (*stood, standing.share), strict=True)):
            return None
        facts = self._known_facts(sale, served)
        try:
            return self._repriced(sale, standing, served, facts, found, scope)
        except (RulebookError, EvaluationError) as error:
            raise Unknown(str(error)) from error

    def _repriced(
        self,
        sale: Sale,
        standing: Standing,
        served: Served,
        facts: Facts,
        found: Mapping[str, Rule | None],
        scope: Mapping[str, str],
    ) -> Repriced:
        settle_fen = sale.request.settle_amount_fen
        rows, fens = [], []
        for kind, line, fen in (
            (FEE_KIND, standing.fee, standing.fee_fen),
            (COST_KIND, standing.cost, standing.cost_fen),
        ):
            booked, rule = self._booked_row(line, sale, standing), found[kind]
            chosen = booked if rule is None else (rule, choose(rule, booked, facts))
            rows.append(chosen)
            fens.append(fen if rule is None else self._pricing(*chosen).amount_fen(settle_fen))
        facts = facts | self._price_facts(fens[0], fens[1], settle_fen)
        margin_fen, stream_id, stream, share = self._shared(
            sale, standing, served, facts, found[SHARE_KIND], scope, fens[0] - fens[1]
        )
        price = SalePrice(
            fee=self._pricing(*rows[0]),
            cost=self._pricing(*rows[1]),
            fee_fen=fens[0],
            cost_fen=fens[1],
            margin_fen=margin_fen,
            stream_id=stream_id,
            reversal_days=_reversal_days(share) if stream_id is not None else None,
        )
        return Repriced(price=price, fee=rows[0], cost=rows[1], stream=stream)

    def _shared(
        self,
        sale: Sale,
        standing: Standing,
        served: Served,
        facts: Facts,
        correcting: Rule | None,
        scope: Mapping[str, str],
        margin_fen: int,
    ) -> tuple[int, int | None, Stream | None, Rule | None]:
        """Return the margin that is shared, its stream, that stream again where it is new, and its rule."""
        booked = self._booked_share(sale, standing)
        rule = correcting or booked or self._in_force(SHARE_KIND, scope, sale)
        if rule is None:
            return 0, None, None, None
        witnessed = Witnessed(rule=rule, known=share_evidence(rule, booked, standing))
        eligible_fen = 0
        if margin_fen > 0 or rule.spec.get("negative_margin", ZERO_FOR_BROKER) != ZERO_FOR_BROKER:
            eligible_fen = eligible_margin(rule=witnessed, margin_fen=margin_fen, facts=facts)
        if correcting is None or (rule.id, rule.version) == standing.share:
            return eligible_fen, standing.stream_id, None, rule
        stream = stream_for(
            rule=witnessed,
            merchant_id=sale.request.merchant_id,
            store_id=served.store_id,
            opener=served.opener,
            maintainer=served.maintainer,
            paid_on=sale.business_date,
            facts=facts,
        )
        return eligible_fen, None if stream is None else stream.stream_id, stream, rule

    def _correcting(self, kind: str, scope: Mapping[str, str], sale: Sale) -> Rule | None:
        """Return the rule of a kind as known now, where it is a correction that came after the sale."""
        rule = self._in_force(kind, scope, sale)
        if rule is None or rule.correction is None:
            return None
        known_at = self._known_at.get((rule.id, rule.version))
        return rule if known_at is not None and sale.paid_at < known_at else None

    def _in_force(self, kind: str, scope: Mapping[str, str], sale: Sale) -> Rule | None:
        return next(iter(self._rulebook.timeline(kind=kind, scope=scope).all_at(sale.paid_at)), None)

    def _booked_row(self, line: Line, sale: Sale, standing: Standing) -> tuple[Rule, Row]:
        rule = self._find((line.rule_id, line.version), sale, standing)
        return rule, table_of(rule).rows[line.row_no]

    def _booked_share(self, sale: Sale, standing: Standing) -> Rule | None:
        return None if standing.share is None else self._find(standing.share, sale, standing)

    def _find(self, key: Version, sale: Sale, standing: Standing) -> Rule:
        """Return a version as it read when the sale was paid, though a roll-back may have left it behind."""
        try:
            return self._rulebook.find(rule_id=key[0], version=key[1]).at(sale.paid_at)
        except RuleNotFound:
            held: Rulebook = self._releases.get(standing.release_no).rulebook
            return held.find(rule_id=key[0], version=key[1]).at(sale.paid_at)

    def _pricing(self, rule: Rule, row: Row) -> Pricing:
        if id(row) not in self._pricings:
            self._pricings[id(row)] = parse_pricing(row.outputs, rounding=rounding_of(rule.spec))
        return self._pricings[id(row)]

    def _is_lasting(self, name: str) -> bool:
        if name in _LASTING_TOO or not self._facts[name].supplied:
            return name not in PRICED
        return name.startswith(_LASTING) and name not in _DRIFTING

    def _known_facts(self, sale: Sale, served: Served) -> Facts:
        view = self._directory.merchant(sale.request.merchant_id)
        assert view is not None
        read = self._reader.read(sale.request, view, served, sale.paid_at)
        facts = {name: self._typed(name, value) for name, value in sale.stored.items() if name in read}
        facts |= {name: value for name, value in read.items() if name in self._kept}
        return facts | {"merchant.status": "ACTIVE"}  # only of such a merchant a payment is accepted

    def _typed(self, name: str, value: Any) -> Any:
        if self._facts[name].type is FactType.TIMESTAMP:
            return datetime.fromisoformat(value)
        return tuple(value) if isinstance(value, list) else value

    def _price_facts(self, fee_fen: int, cost_fen: int, settle_fen: int) -> Facts:
        ppm = fee_fen * 1_000_000 // settle_fen if settle_fen else 0
        return dict(
            zip(
                ("txn.fee_fen", "txn.cost_fen", "txn.margin_fen", "txn.fee_ppm"),
                (fee_fen, cost_fen, fee_fen - cost_fen, ppm),
                strict=True,
            )
        )


def _reversal_days(rule: Rule | None) -> int | None:
    reversal = rule.spec.get("reversal") if rule is not None else None
    return int(reversal["max_days"]) if reversal else None
