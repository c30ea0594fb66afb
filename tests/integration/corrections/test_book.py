"""What a rule that begins in the past makes of payments booked already, to the fen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from payments_core.database import transaction
from payments_core.settlement import close_day
from tests.integration.corrections.conftest import (
    COST,
    DAY1,
    DAY2,
    DAY3,
    DAY4,
    FEE,
    MERCHANT,
    SHARE,
    at,
    corrected,
)

DEARER = ('{when: "true", rate: "0.0038", label: 标准}', '{when: "true", rate: "0.0040", label: 标准}')
CHEAPER = ('{when: "true", rate: "0.0038", label: 标准}', '{when: "true", rate: "0.0030", label: 标准}')
COSTLIER = ('{when: "true", rate: "0.0022", label: 扫码}', '{when: "true", rate: "0.0025", label: 扫码}')
HALVES = ('role: opener, rate: "0.24"', 'role: opener, rate: "0.34"')
ENTRY = "SELECT cause, fee_delta_fen, cost_delta_fen, margin_delta_fen, from_margin_fen FROM correction"


@pytest.mark.parametrize(
    ("path", "version", "edit", "entry", "shares"),
    [
        # fee 40 − 38; margin 18 − 16, shared at 40 % of 18 = 7.2
        (FEE, 5, DEARER, (2, 0, 2, 0), 7),
        # fee 30 − 38; margin 8 − 16, 40 % of 8 = 3.2
        (FEE, 5, CHEAPER, (-8, 0, -8, 0), 3),
        # cost 25 − 22; margin 13 − 16, 40 % of 13 = 5.2
        (COST, 3, COSTLIER, (0, 3, -3, 0), 5),
        # nothing of the price; the margin of 16 goes from one stream to another: 50 % of 16 = 8
        (SHARE, 4, HALVES, (0, 0, 16, -16), 8),
    ],
)
def test_a_correction_books_the_difference(
    shop: Any, path: str, version: int, edit: tuple[str, str], entry: tuple[int, ...], shares: int
) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    payments = shop.rows("SELECT * FROM payment")
    shop.publish({path: corrected(path, edit, version=version)}, now=at(DAY2))
    result = shop.run(DAY2)
    assert shop.rows(ENTRY) == [("RULE", *entry)]
    assert shop.rows("SELECT * FROM payment") == payments
    assert sum(shop.shares().values()) == shares
    assert result.figures("corrections")["fee_fen"] == entry[0]
    assert shop.balance("FEE_INCOME") == 38 + entry[0]
    assert shop.balance("CHANNEL_COST") == -22 - entry[1]
    assert shop.rows(
        "SELECT plan_fen, fee_corrected_fen FROM settlement WHERE business_date = :day", day=DAY2
    ) == ([(-entry[0], entry[0])] if entry[0] else [])


def dearer(*, version: int = 5, rate: str = "0.0040", **more: Any) -> dict[str, str]:
    """The fee of Beijing, corrected to `rate`."""
    edit = ('{when: "true", rate: "0.0038", label: 标准}', f'{{when: "true", rate: "{rate}", label: 标准}}')
    return {FEE: corrected(FEE, edit, version=version, **more)}


def test_a_refund_before_the_correction_is_trued_up_with_it(shop: Any) -> None:
    paid = shop.sell(10_000)
    shop.refund(paid, 2_500, day=DAY1)  # gives back 38 − 29 = 9 of the fee, 22 − 17 = 5 of the cost
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    shop.run(DAY2)
    # 40 ‰ of 7,500 = 30, of which 29 are booked; the margin 30 − 17 = 13, of which 16 − 4 = 12
    assert shop.rows(ENTRY) == [("RULE", 1, 0, 1, 0)]


def test_a_refund_after_the_correction_is_trued_up_on_its_day(shop: Any) -> None:
    paid = shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    shop.run(DAY2)
    shop.refund(paid, 2_500, day=DAY3)
    shop.run(DAY3)
    # known 30; booked 38 + 2 − 9 = 31
    assert shop.rows(f"{ENTRY} ORDER BY number") == [("RULE", 2, 0, 2, 0), ("REFUND", -1, 0, -1, 0)]
    shop.refund(paid, 7_500, day=DAY4)
    shop.run(DAY4)
    # known 0; booked 38 + 2 − 9 − 1 − 29 = 1
    assert shop.rows(f"{ENTRY} AND number = 3".replace(" AND", " WHERE"))[0] == ("REFUND", -1, 0, -1, 0)
    assert [shop.balance(account) for account in ("FEE_INCOME", "CHANNEL_COST", "CHANNEL_CLEARING")] == [
        0
    ] * 3
    assert set(shop.shares().values()) == {0}


def test_a_refund_stays_in_the_stream_of_its_sale_and_is_moved_on(shop: Any) -> None:
    paid = shop.sell(10_000)
    shop.run(DAY1)
    shop.publish({SHARE: corrected(SHARE, HALVES, version=4)}, now=at(DAY2))
    shop.run(DAY2)
    shop.refund(paid, 2_500, day=DAY3)  # takes 9 − 5 = 4 of the margin out of the old stream
    shop.run(DAY3)
    assert shop.rows(f"{ENTRY} ORDER BY number") == [("RULE", 0, 0, 16, -16), ("REFUND", 0, 0, -4, 4)]
    margins = "SELECT stream_id, sum(margin_fen)::bigint AS fen FROM margin_moved GROUP BY 1 ORDER BY 2"
    assert [fen for _, fen in shop.rows(margins)] == [0, 12]
    assert sum(shop.shares().values()) == 6  # half of 12


def test_running_it_again_adds_nothing(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    first = shop.run(DAY2)
    before = shop.rows("SELECT * FROM correction")
    assert shop.run(DAY2).figures("corrections") == first.figures("corrections")
    assert shop.run(DAY3).figures("corrections")["rows"] == 0
    shop.publish({}, now=at(DAY4))  # the file as it was: the correction is forgotten, its bookings are not
    assert shop.run(DAY4).figures("corrections")["rows"] == 0
    assert shop.rows("SELECT * FROM correction") == before


def test_after_going_back_refunds_are_still_trued_up_to_what_was_corrected(shop: Any) -> None:
    paid = shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    shop.run(DAY2)
    shop.publish({}, now=at(DAY3, 1))
    shop.refund(paid, 2_500, day=DAY3)
    shop.run(DAY3)
    # known 30, as corrected; booked 38 + 2 − 9 = 31
    assert shop.rows(f"{ENTRY} WHERE number = 2") == [("REFUND", -1, 0, -1, 0)]


def test_a_second_correction_stands_on_the_first(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    shop.run(DAY2)
    shop.publish(dearer(version=6, rate="0.0035"), now=at(DAY3))
    shop.run(DAY3)
    # 40 − 38 = +2, then 35 − 40 = −5
    assert shop.rows(f"{ENTRY} ORDER BY number") == [("RULE", 2, 0, 2, 0), ("RULE", -5, 0, -5, 0)]


def test_what_is_paid_before_the_correction_is_known_is_corrected_on_its_own_day(shop: Any) -> None:
    shop.sell(10_000, day=DAY2, hour=9)
    shop.publish(dearer(), now=at(DAY2))
    shop.sell(10_000, day=DAY2, hour=11)
    assert shop.rows("SELECT fee_fen FROM payment ORDER BY payment_id") == [(38,), (40,)]
    shop.run(DAY1)  # closed under the correcting release, before the payments it is about
    shop.run(DAY2)
    assert shop.rows(ENTRY) == [("RULE", 2, 0, 2, 0)]


def test_what_another_version_charges_alike_gets_no_row(shop: Any) -> None:
    shop.sell(10_000, channel="BANKCARD", card_type="CREDIT")
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    assert shop.run(DAY2).figures("corrections")["payments"] == 1


def test_before_the_start_and_outside_the_scope_nothing_is_corrected(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(since="2025-04-16"), now=at(DAY2, 12))
    assert shop.run(DAY2).figures("corrections")["rows"] == 0


def test_a_condition_on_what_was_not_kept_leaves_the_payment_as_booked(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    tagged = ('"true", rate: "0.0038"', '"\'VIP\' in merchant.tags", rate: "0.0020"')
    rest = ("  rows:\n", "  allow_negative_margin: true\n  rows:\n")
    last = ("label: 标准}", 'label: 贵宾}\n    - {when: "true", rate: "0.0038", label: 标准}')
    text_of = corrected(FEE, tagged, last, version=5).replace("  allow_negative_margin: false\n", "")
    shop.publish({FEE: text_of.replace(*rest)}, now=at(DAY2))
    figures = shop.run(DAY2).figures("corrections")
    assert (figures["rows"], figures["unread"]) == (0, 1)


def test_a_run_that_was_killed_before_the_corrections_goes_on_with_them(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    with transaction(shop.world.engine) as connection:
        close_day(connection, business_date=DAY2, now=at(DAY3, 9))
    steps = shop.run(DAY2).steps
    assert [step.ran for step in steps[:2]] == [False, True]
    assert shop.rows(ENTRY) == [("RULE", 2, 0, 2, 0)]


IMPOSSIBLE = (
    ("number = 0", "number_from_one"),
    ("cause = 'OTHER'", "cause_known"),
    ("remaining_fen = -1", "not_negative"),
    ("from_stream_id = stream_id", "two_streams"),
    ("stream_id = NULL", "margin_has_stream"),
    ("number = number + 1", "uq_correction_"),
    ("payment_id = 1, correction_id = 1", "fk_correction_payment"),
)


def test_the_database_refuses_changes_and_rows_that_cannot_be(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    shop.run(DAY2)
    for wrong in (
        "UPDATE correction SET fee_delta_fen = 0",
        "DELETE FROM correction",
        "UPDATE correcting_version SET known_at = now()",
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction(shop.world.engine) as connection:
            connection.execute(text(wrong))
    for change, constraint in IMPOSSIBLE:
        with pytest.raises(IntegrityError, match=constraint):
            copy_row(shop, change)


def copy_row(shop: Any, change: str) -> None:
    """Insert the row once more, changed."""
    with transaction(shop.world.engine) as connection:
        connection.execute(text("CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT * FROM correction"))
        connection.execute(text(f"UPDATE copied SET {change}"))
        connection.execute(text("INSERT INTO correction SELECT * FROM copied"))


def test_the_fee_is_settled_with_the_day_on_which_it_is_corrected(shop: Any) -> None:
    shop.sell(10_000)
    shop.run(DAY1)
    shop.publish(dearer(), now=at(DAY2))
    shop.sell(1_000, day=DAY2, hour=11)  # fee 4
    shop.run(DAY2)
    figures = "SELECT gross_fen, fee_fen, fee_corrected_fen, plan_fen FROM settlement"
    assert shop.rows(f"{figures} WHERE business_date = :day", day=DAY2) == [(1_000, 4, 2, 994)]
    facts = (
        "SELECT payment_count, fee_fen, cost_fen, broker_share_fen FROM fact_day WHERE business_date = :day"
    )
    # cost 2; the two streams are one: 40 % of 16 + 2 + 2 = 8, of which 6 were posted
    assert shop.rows(facts, day=DAY2) == [(1, 6, 2, 2)]
    assert shop.rows("SELECT merchant_id FROM settlement WHERE business_date = :day", day=DAY2) == [
        (MERCHANT,)
    ]
