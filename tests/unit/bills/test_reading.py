"""Whatever stands in a line, it is a row, a bad row with a known reason, or nothing; never another error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payments_core.bills.alipay import COLUMNS, AlipayBill
from payments_core.bills.model import REASONS, BillRow, RowRefused, identifier, moment
from payments_core.bills.wechat import WeChatBill

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "bills"
WECHAT = (FIXTURES / "wechat_all.csv").read_text(encoding="utf-8").splitlines()
ALIPAY = (FIXTURES / "alipay_detail.csv").read_text(encoding="gbk").splitlines()

# Values that look like a field of a bill, and values that do not.
values = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["SUCCESS", "REFUND", "REVOKED", "交易", "退款", "0", "0.00", "-1.00", "9" * 13 + ".99"]),
    st.sampled_from(["2025-04-01 09:15:00", "2025-13-01 09:15:00", "0001-01-01 00:00:00"]),
    st.from_regex(r"-?\d{1,15}(\.\d{0,6})?", fullmatch=True),
)


def outcome(bill: WeChatBill | AlipayBill, text: str) -> BillRow | None:
    try:
        return bill.read(line_no=2, text=text)
    except RowRefused as refused:
        if refused.code not in REASONS:
            raise
        return None


@given(fields=st.lists(values, min_size=25, max_size=28))
@example(fields=[""] * 27)
def test_any_fields_of_a_wechat_line_are_read_or_refused(fields: list[str]) -> None:
    row = outcome(WeChatBill(WECHAT[0]), ",".join(f"`{field}" for field in fields))

    if row is not None:
        assert (row.amount_fen >= 0) == (row.kind == "PAY") or row.amount_fen == 0


@given(fields=st.lists(values, min_size=25, max_size=25))
def test_any_fields_of_an_alipay_line_are_read_or_refused(fields: list[str]) -> None:
    bill = AlipayBill()
    bill.read(line_no=1, text=",".join(COLUMNS))

    row = outcome(bill, ",".join(f"{field}\t" for field in fields))

    if row is not None:
        assert row.amount_fen <= 0 if row.kind == "REFUND" else row.amount_fen >= 0


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    outcome(WeChatBill(WECHAT[0]), text)
    alipay = AlipayBill()
    alipay.read(line_no=1, text=",".join(COLUMNS))
    outcome(alipay, text)


def test_a_comma_in_a_name_splits_nothing() -> None:
    bill = WeChatBill(WECHAT[0])

    row = bill.read(line_no=2, text=WECHAT[1])

    assert "水饺,两份" in WECHAT[1]
    assert row is not None
    assert (row.amount_fen, row.fee_fen) == (5_000, 19)


def test_the_sums_of_a_file_are_counted_as_it_states_them() -> None:
    wechat, alipay = WeChatBill(WECHAT[0]), AlipayBill()
    for number, text in enumerate(WECHAT[1:], start=2):
        wechat.read(line_no=number, text=text)
    for number, text in enumerate(ALIPAY, start=1):
        alipay.read(line_no=number, text=text)

    assert (wechat.complete, alipay.complete) == (True, True)
    assert (wechat.totals.differences(), alipay.totals.differences()) == ({}, {})
    assert wechat.totals.stated["应结订单总金额"] == 21_050  # 50.00 + 128.50 + 32.00
    assert alipay.totals.stated == {"交易笔数": 2, "交易实收": 100_279, "退款笔数": 1, "退款实收": -10_000}


@pytest.mark.parametrize("text", ["", "=1+1", "+1", "-1", "@x", "a b", "a" * 65, "单号", 'x"y', "a,b"])
def test_what_could_be_a_formula_or_no_number_is_no_identifier(text: str) -> None:
    with pytest.raises(RowRefused):
        identifier(text)


@pytest.mark.parametrize(
    "text", ["2025-04-01", "2025-W14-2 13:51:31", "2025-04-01T09:15:00", "", "2025-02-30 09:15:00"]
)
def test_only_the_bills_own_form_is_a_moment(text: str) -> None:
    with pytest.raises(RowRefused):
        moment(text)
