"""Which lines a rule makes of the parties that serve a merchant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from payments_core.errors import InvariantBroken
from payments_core.profit_share import Stream, eligible_margin, stream_for
from tests.builders import Condition, ShareRule, stream

ONE = 1_000_000
B, C, S = "B0001", "B0002", "S001"
LEVELLED = ShareRule(
    more={"uplifts": [{"when": "broker.level in ['P4']", "add_rate": "0.02"}]},
    conditions={("uplifts", 0, "when"): Condition(holds=lambda facts: facts["broker.level"] == "P4")},
)
WITH_STORE = ShareRule(more={"store_override": {"rate": "0.05"}})


def rates(joined: Stream) -> list[tuple[str, str, int]]:
    return [(line.party_id, line.role, line.rate_ppm) for line in joined.lines]


@pytest.mark.parametrize(
    ("opener", "maintainer", "lines"),
    [
        (((B, ONE),), ((C, ONE),), [(B, "opener", 240_000), (C, "maintainer", 160_000)]),
        (((B, ONE),), ((B, ONE),), [(B, "opener", 240_000), (B, "maintainer", 160_000)]),
        # no maintainer: the opener takes all
        (((B, ONE),), (), [(B, "opener", 240_000), (B, "maintainer", 160_000)]),
        # the opener has left: the platform keeps that part
        ((), ((C, ONE),), [(C, "maintainer", 160_000)]),
        # maintained by the shared pool: the platform keeps it
        (((B, ONE),), (("", ONE),), [(B, "opener", 240_000)]),
        # a handover, 70 : 30
        (
            ((B, ONE),),
            ((B, 700_000), (C, 300_000)),
            [(B, "opener", 240_000), (B, "maintainer", 112_000), (C, "maintainer", 48_000)],
        ),
    ],
)
def test_lines_in_listed_order(
    opener: Sequence[tuple[str, int]],
    maintainer: Sequence[tuple[str, int]],
    lines: list[tuple[str, str, int]],
) -> None:
    assert rates(stream(opener=opener, maintainer=maintainer)) == lines


def test_nobody_serves_nobody_shares() -> None:
    found = stream_for(
        rule=ShareRule(),
        merchant_id="M1",
        store_id=S,
        opener=(),
        maintainer=(),
        paid_on=date(2025, 3, 1),
        facts={},
    )
    assert found is None


def test_weights_of_a_handover_never_lose_a_ppm() -> None:
    three = ((B, 333_333), (C, 333_333), ("B0003", 333_334))
    lines = stream(opener=three, maintainer=((C, ONE),)).lines
    assert sum(line.rate_ppm for line in lines) == 400_000


def test_an_uplift_goes_to_the_servicing_broker_in_the_broker_pool() -> None:
    joined = stream(rule=LEVELLED, maintainer=((C, ONE),), facts={"broker.level": "P4"})
    assert rates(joined)[-1] == (C, "maintainer", 20_000)
    assert {line.pool_no for line in joined.lines} == {1}
    assert len(stream(rule=LEVELLED, maintainer=((C, ONE),), facts={"broker.level": "P1"}).lines) == 2
    assert rates(stream(rule=LEVELLED, facts={"broker.level": "P4"}))[-1] == (B, "opener", 20_000)


def test_the_store_has_a_pool_of_its_own() -> None:
    store = stream(rule=WITH_STORE).lines[-1]
    assert (store.party_kind, store.party_id, store.pool_no, store.rate_ppm) == ("store", S, 2, 50_000)


def test_a_stream_is_everything_that_makes_it() -> None:
    same = stream()
    assert stream(paid_on=date(2025, 3, 31)).stream_id == same.stream_id
    others = [
        stream(paid_on=date(2025, 4, 1)),
        stream(merchant_id="M00002"),
        stream(rule=ShareRule(version=2)),
        stream(rule=ShareRule(rounding="DOWN")),
        stream(maintainer=((C, ONE),)),
        stream(rule=WITH_STORE),
        stream(rule=WITH_STORE, store_id="S002"),
    ]
    ids = [same.stream_id, *(other.stream_id for other in others)]
    assert len(set(ids)) == len(ids)
    assert all(0 <= number < 2**63 for number in ids)


def test_more_than_the_whole_is_never_shared() -> None:
    greedy = ShareRule(shares=({"party": "broker", "role": "opener", "rate": "0.98"},), more=WITH_STORE.more)
    with pytest.raises(InvariantBroken):
        stream(rule=greedy)


@pytest.mark.parametrize(
    ("margin_fen", "policy", "holds", "eligible"),
    [
        (8, "zero_for_broker", True, 8),
        (-10, "zero_for_broker", True, 0),
        (-10, "share_loss", True, -10),
        (8, "share_loss", False, 0),
    ],
)
def test_eligible_margin(margin_fen: int, policy: str, holds: bool, eligible: int) -> None:
    rule = ShareRule(
        more={"negative_margin": policy}, conditions={("eligible",): Condition(holds=lambda _: holds)}
    )
    assert eligible_margin(rule=rule, margin_fen=margin_fen, facts={}) == eligible
