"""Accepting: refusals, idempotency, the risk decision, what is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bench._payments_world import rule_files, rulebook
from payments_core.payments import (
    RISK_REJECTED,
    AmountInvalid,
    DeviceBindingMismatch,
    IdempotencyConflict,
    MerchantNotActive,
    MerchantNotFound,
    NoActiveRelease,
    State,
)
from payments_core.payments.model import first_id_at


def test_an_order_is_written_before_any_channel_hears_of_it(till: Any) -> None:
    accepted = till.accept(5000, payer_id="p1", device_id="SPK-000001")
    assert accepted.state is State.PAYING
    row = till.one(
        "SELECT state, store_id, broker_id, opener_id, accepted_batch_no > 0, release_no FROM payment"
    )
    assert row == ("PAYING", "S001", "B0011", "B0001", True, 1)
    facts = till.one("SELECT risk_facts(payment) FROM payment")
    assert facts["txn.amount_fen"] == 5000
    assert facts["agg.payer_merchant_cnt_10m"] == 1


def test_ids_rise_and_say_when(till: Any) -> None:
    first, second = till.accept(), till.accept()
    assert first_id_at(till.order().created_at) <= first.payment_id < second.payment_id


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"amount_fen": 0}, AmountInvalid),
        ({"merchant_id": "M99999"}, MerchantNotFound),
        ({"device_id": "SPK-000002"}, DeviceBindingMismatch),
        ({"device_id": "SPK-999999"}, DeviceBindingMismatch),
    ],
)
def test_a_refused_order_is_not_written_and_fails_no_neighbour(
    till: Any, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    before, refused, after = till.commit(till.order(), till.order(**changes), till.order())
    assert isinstance(refused, refusal)
    assert (before.state, after.state) == (State.PAYING, State.PAYING)
    assert till.one("SELECT count(*) FROM payment") == 2


def test_a_frozen_merchant_takes_nothing_from_the_next_batch_on(till: Any) -> None:
    till.accept()
    till.world.change_directory(
        "UPDATE merchant SET status = 'FROZEN', directory_no = :no WHERE merchant_id = 'M00001'"
    )
    with pytest.raises(MerchantNotActive) as refused:
        till.accept()
    assert refused.value.code == "MERCHANT_NOT_ACTIVE"


def test_a_device_that_moved_is_known_at_once(till: Any) -> None:
    till.accept()
    till.world.change_directory(
        "UPDATE device SET merchant_id = 'M00002', directory_no = :no WHERE device_id = 'SPK-000001'"
    )
    with pytest.raises(DeviceBindingMismatch):
        till.accept(device_id="SPK-000001")
    assert till.accept(merchant_id="M00002", device_id="SPK-000001").state is State.PAYING


def test_without_an_active_release_nothing_is_taken(till: Any) -> None:
    with till.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lane SET release_no = NULL")
    with pytest.raises(NoActiveRelease):
        till.accept()


class TestIdempotency:
    def test_the_same_order_gets_the_same_answer_across_batches(self, till: Any) -> None:
        order = till.order(payer_id="p1")
        first, again = till.commit(order)[0], till.commit(order)[0]
        assert (again.payment_id, again.replayed, first.replayed) == (first.payment_id, True, False)
        assert till.one("SELECT count(*) FROM payment") == 1

    def test_and_within_one_batch(self, till: Any) -> None:
        order = till.order()
        first, again = till.commit(order, order)
        assert (again.payment_id, again.replayed) == (first.payment_id, True)

    def test_and_from_another_process(self, till: Any) -> None:
        order = till.order()
        first = till.commit(order)[0]
        with till.world.committer() as other:
            (again,) = other.commit([order], now=order.created_at)
        assert again.payment_id == first.payment_id

    def test_another_body_is_a_conflict(self, till: Any) -> None:
        first = till.order(5000)
        other = till.order(5001, merchant_order_no=first.merchant_order_no)
        kept, within = till.commit(first, other)
        (across,) = till.commit(other)
        assert kept.state is State.PAYING
        assert isinstance(within, IdempotencyConflict)
        assert isinstance(across, IdempotencyConflict)

    def test_a_refused_order_may_be_sent_again_once_it_is_right(self, till: Any) -> None:
        wrong = till.order(device_id="SPK-000002")
        right = till.order(merchant_order_no=wrong.merchant_order_no)
        refused, accepted = till.commit(wrong, right)
        assert isinstance(refused, DeviceBindingMismatch)
        assert accepted.state is State.PAYING

    def test_a_replay_is_not_counted_by_velocity(self, till: Any) -> None:
        order = till.order(payer_id="p1")
        till.commit(order, order, order)
        till.accept(payer_id="p1")
        counted = till.rows(
            "SELECT risk_facts(payment)->>'agg.payer_cnt_1d' FROM payment ORDER BY payment_id"
        )
        assert counted == [("1",), ("2",)]


class TestRisk:
    def test_a_rejected_payment_has_failed_with_a_case(self, till: Any) -> None:
        rejected = till.accept(device_distance_m=2001)
        assert (rejected.state, rejected.refused_code) == (State.FAILED, RISK_REJECTED)
        assert till.one("SELECT decision, hold_fen, state FROM risk_case") == ("REJECT", 0, "OPEN")

    def test_a_reviewed_payment_is_held_once_its_money_is_there(self, till: Any) -> None:
        orders = [till.order(40_000, payer_id="p1") for _ in range(5)]
        answers = till.commit(*orders)
        assert [a.risk_decision for a in answers] == ["PASS"] * 4 + ["REVIEW"]
        assert till.one("SELECT hold_fen, hold_until::text FROM risk_case") == (0, "2025-04-22")
        till.commit(till.capture_of(answers[4]))
        assert till.one("SELECT hold_fen FROM risk_case") == 39_848  # 40,000 − fee 152

    def test_a_new_release_rules_from_the_next_batch_on(self, till: Any) -> None:
        path = "rules/risk/risk.limits.yaml"
        stricter = rule_files()[path].replace("txn.amount_fen > 5000000", "txn.amount_fen > 100")
        stricter = stricter.split("tests:")[0].replace("version: 1", "version: 2")
        assert till.accept().state is State.PAYING
        number = till.world.activate(rulebook({path: stricter}))
        rejected = till.accept()
        assert (rejected.state, rejected.risk_hits) == (State.FAILED, ("R301",))
        assert till.one("SELECT max(release_no) FROM payment") == number


def test_expiry_is_what_was_asked(till: Any) -> None:
    till.accept(expires_after_s=60)
    assert till.one("SELECT expires_at - created_at FROM payment") == timedelta(seconds=60)


PLACE_RULE = """\
kind: risk
id: risk.place
version: 1
title: 商圈
owner: 风控
effective: {from: "2025-01-01T00:00:00+08:00", to: null}
spec:
  stage: pre_auth
  mode: enforce
  fail_mode: closed
  rules:
    - {id: R901, label: 二号商圈, when: "merchant.district == 'D02'", score: 60, decision: REVIEW}
tests: []
"""
MOVE_AT_NOON = (
    "INSERT INTO org_node (node_id, kind, name, opened_on) VALUES ('D02', 'DISTRICT', 'D02', '2025-01-01')",
    "UPDATE org_path SET valid = tstzrange(lower(valid), '2025-04-15 12:00+08') WHERE node_id = 'S001'",
    "INSERT INTO org_path (node_no, node_id, valid, path, city_id, district_id, store_id)"
    " SELECT node_no, node_id, tstzrange('2025-04-15 12:00+08', NULL), 'HQ/BJ/D02/S001', 'BJ', 'D02', node_id"
    " FROM org_node WHERE node_id = 'S001'",
)


def test_a_store_that_moves_at_noon_lies_elsewhere_from_noon_on(till: Any) -> None:
    till.world.activate(rulebook({"rules/risk/risk.place.yaml": PLACE_RULE}))
    till.world.change_directory(*MOVE_AT_NOON)
    noon = till.order().created_at + timedelta(hours=2)
    before, after = till.commit(
        till.order(created_at=noon - timedelta(seconds=1)), till.order(created_at=noon), now=noon
    )
    assert (before.risk_hits, after.risk_hits) == ((), ("R901",))
