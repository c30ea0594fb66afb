"""Bills in the channels' real formats, into a real database."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from payments_core.bills import BillEncoding, BillFormatUnknown, BillTruncated, BillUnreadable, import_bill
from payments_core.bills.model import ImportResult
from payments_core.calendar import SHANGHAI
from payments_core.database import transaction

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "bills"
NOW = datetime(2025, 4, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def known(engine: Engine) -> Engine:
    """Two merchants with their numbers at the channels."""
    with transaction(engine) as connection:
        for merchant_id, channel, number in (
            ("M00001", "WECHAT", "1600000001"),
            ("M00002", "WECHAT", "1600000002"),
            ("M00001", "ALIPAY", "2088721345000011"),
            ("M00002", "ALIPAY", "S0007"),
        ):
            connection.execute(
                text(
                    "INSERT INTO merchant (merchant_id, name, type, mcc, city_id, activated_at)"
                    " VALUES (:m, :m, 'MICRO', '5812', 'BJ', '2025-01-01') ON CONFLICT DO NOTHING"
                ),
                {"m": merchant_id},
            )
            connection.execute(
                text("INSERT INTO channel_merchant VALUES (:c, :n, :m)"),
                {"c": channel, "n": number, "m": merchant_id},
            )
    return engine


def add_payment(engine: Engine, *, payment_id: int, order_no: str, channel_order_no: str) -> None:
    with transaction(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO payment (merchant_id, payment_id, merchant_order_no, request_hash, state,"
                " channel, mode, amount_fen, settle_amount_fen, buyer_paid_fen, created_at, expires_at,"
                " accepted_batch_no, store_id, risk_decision, risk_score, fact_set_no, fact_values,"
                " risk_release_no, release_no, paid_at,"
                " business_date, channel_order_no, fee_fen, cost_fen, eligible_margin_fen, captured_batch_no)"
                " VALUES ('M00001', :p, :o, '', 'SUCCESS', 'WECHAT', 'MINI', 5000, 5000, 5000, :at, :at,"
                " 1, 'S001', 'PASS', 0, 0, '[]', 1, 1, :at, '2025-04-01', :c, 19, 11, 8, 1)"
            ),
            {
                "p": payment_id,
                "o": order_no,
                "c": channel_order_no,
                "at": datetime(2025, 4, 1, 9, tzinfo=SHANGHAI),
            },
        )


def imported(engine: Engine, name: str, *, now: datetime = NOW) -> ImportResult:
    return import_bill(engine, path=FIXTURES / name, now=now)


def rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def written(tmp_path: Path, lines: list[str], *, name: str = "bill.csv") -> Path:
    path = tmp_path / name
    path.write_bytes("\r\n".join(lines).encode())
    return path


def wechat_lines() -> list[str]:
    return (FIXTURES / "wechat_all.csv").read_text(encoding="utf-8").splitlines()


def test_the_published_sample_row_is_one_fen_without_a_fee(known: Engine) -> None:
    result = imported(known, "wechat_sample.csv")

    assert (result.state, result.rows_new, result.rows_bad, result.findings) == ("IMPORTED", 1, 0, ())
    assert result.bill_date == date(2022, 3, 21)
    assert rows(
        known, "SELECT kind, refund_no, amount_fen, settle_amount_fen, fee_fen, merchant_id FROM bill_row"
    ) == [("PAY", "", 1, 1, 0, "")]


def test_sales_refunds_and_revocations_of_all_columns(known: Engine) -> None:
    result = imported(known, "wechat_all.csv")

    assert (result.rows_new, result.rows_known, result.rows_bad, result.findings) == (5, 0, 0, ())
    assert rows(
        known,
        "SELECT merchant_id, kind, refund_no <> '', amount_fen, settle_amount_fen, fee_fen"
        " FROM bill_row ORDER BY line_no",
    ) == [
        ("M00001", "PAY", False, 5000, 5000, 19),
        ("M00001", "PAY", False, 12850, 12850, 49),
        ("M00002", "PAY", False, 4700, 3200, 12),  # 47.00, of which the merchant gave 15.00
        ("M00001", "REFUND", True, -3000, -3000, -12),
        ("", "REVOKE", True, -600, -600, -2),  # a number we do not know
    ]
    # The file states 手续费总金额 0.66: 19 + 49 + 12 − 12 − 2.
    assert rows(
        known, "SELECT summary->'stated'->>'手续费总金额', sum(fee_fen) FROM bill_file, bill_row GROUP BY 1"
    ) == [("66", 66)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wechat_success.csv", [("PAY", 5000, 19, "2025-04-01 09:15")]),
        ("wechat_refund.csv", [("REFUND", -3000, -12, "2025-04-02 08:00")]),  # dated by acceptance
        (
            "wechat_old_layout.csv",
            [("PAY", 5000, 30, "2018-04-01 09:15"), ("REFUND", -2000, -12, "2018-04-01 10:15")],
        ),
    ],
)
def test_every_layout_is_read_by_its_header(
    known: Engine, name: str, expected: list[tuple[object, ...]]
) -> None:
    result = imported(known, name)

    assert result.findings == ()
    assert (
        rows(
            known,
            "SELECT kind, amount_fen, fee_fen, to_char(booked_at AT TIME ZONE 'Asia/Shanghai',"
            " 'YYYY-MM-DD HH24:MI') FROM bill_row ORDER BY line_no",
        )
        == expected
    )


@pytest.mark.parametrize("name", ["alipay_detail.csv", "alipay_20250401.zip"])
def test_alipay_details_in_gbk_plain_or_zipped(known: Engine, name: str) -> None:
    result = imported(known, name)

    assert (result.channel, result.bill_date) == ("ALIPAY", date(2025, 4, 1))
    assert (result.rows_new, result.rows_bad, result.findings) == (3, 0, ())
    assert rows(
        known,
        "SELECT merchant_id, kind, amount_fen, settle_amount_fen, fee_fen, refund_no"
        " FROM bill_row ORDER BY line_no",
    ) == [
        ("M00001", "PAY", 1280, 1280, 5, ""),  # no shop number: the account says whose it is
        ("M00002", "PAY", 99999, 98999, 376, ""),
        ("M00002", "REFUND", -10000, -10000, -38, "R25040115000001"),
    ]


def test_rows_find_our_payments_by_order_number_or_channel_number(known: Engine) -> None:
    add_payment(
        known, payment_id=1, order_no="D25040109000001", channel_order_no="4200002501202504010000000001"
    )
    add_payment(known, payment_id=2, order_no="OTHER", channel_order_no="4200002501202504010000000002")

    result = imported(known, "wechat_all.csv")

    assert result.rows_matched == 3  # a sale; a sale and its refund through the channel's number
    assert rows(
        known, "SELECT kind, payment_id FROM bill_row WHERE payment_id IS NOT NULL ORDER BY line_no"
    ) == [
        ("PAY", 1),
        ("PAY", 2),
        ("REFUND", 2),
    ]


@pytest.mark.parametrize("again", ["wechat_all.csv", "wechat_all.csv.gz"])
def test_the_same_bill_again_adds_nothing(known: Engine, again: str) -> None:
    first = imported(known, "wechat_all.csv")

    second = imported(known, again)

    assert (second.rows_new, second.rows_known, second.file_no) == (0, 5, first.file_no)
    assert [f.code for f in second.findings] == ["RECON_FILE_DUPLICATE"]
    assert rows(known, "SELECT count(*) FROM bill_row") == [(5,)]
    assert rows(known, "SELECT count(*) FROM bill_file") == [(1,)]


def test_rows_of_an_overlapping_file_are_known(known: Engine) -> None:
    imported(known, "wechat_success.csv")

    result = imported(known, "wechat_all.csv")

    assert (result.rows_new, result.rows_known) == (4, 1)


def test_a_number_that_becomes_known_moves_its_rows_instead_of_doubling_them(
    known: Engine, tmp_path: Path
) -> None:
    imported(known, "wechat_all.csv")
    with transaction(known) as connection:
        connection.execute(text("INSERT INTO channel_merchant VALUES ('WECHAT', '1699999999', 'M00002')"))

    result = import_bill(known, path=written(tmp_path, [*wechat_lines(), "", ""]), now=NOW)

    assert (result.rows_new, result.rows_known) == (0, 5)
    assert rows(known, "SELECT merchant_id FROM bill_row WHERE kind = 'REVOKE'") == [("M00002",)]


BAD = {
    "FIELD_COUNT": ("`0.38%,`50.00,", "`0.38%,`50.00,`extra,"),
    "AMOUNT_INVALID": ("`50.00,`0.00,`0", "`50.001,`0.00,`0"),
    "DATE_INVALID": ("`2025-04-01 09", "`2025-02-30 09"),
    "STATUS_UNKNOWN": ("`SUCCESS,", "`MAYBE,"),
    "ID_INVALID": ("`D2504", "`=D2504"),
    "CLOCK_SKEW": ("`2025-04-01 09", "`2025-04-09 09"),
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_row_goes_to_quarantine_and_the_rest_is_booked(
    known: Engine, tmp_path: Path, code: str
) -> None:
    lines = wechat_lines()
    many = [lines[1].replace("0000000001", f"{n:010d}").replace("000001", f"{n:06d}") for n in range(10, 40)]
    bad = lines[1].replace(*BAD[code])

    result = import_bill(known, path=written(tmp_path, [lines[0], *many, bad, *lines[-2:]]), now=NOW)

    assert (result.state, result.rows_new, result.rows_bad) == ("IMPORTED", 30, 1)
    assert rows(known, "SELECT code, line_no, raw FROM quarantine_row") == [(code, 32, bad)]
    assert "BILL_SUMMARY_MISMATCH" in [f.code for f in result.findings]


def test_a_row_that_repeats_in_the_file_is_booked_once(known: Engine, tmp_path: Path) -> None:
    lines = wechat_lines()
    many = [lines[1].replace("0000000001", f"{n:010d}") for n in range(10, 40)]

    result = import_bill(known, path=written(tmp_path, [lines[0], *many, many[0], *lines[-2:]]), now=NOW)

    assert (result.rows_new, result.rows_bad) == (30, 1)
    assert rows(known, "SELECT code, line_no, raw FROM quarantine_row") == [("ROW_DUPLICATE", 32, many[0])]


def test_more_than_five_percent_bad_rows_reject_the_file(known: Engine, tmp_path: Path) -> None:
    lines = wechat_lines()
    path = written(tmp_path, [*lines[:4], "`rubbish", *lines[-2:]])  # 1 of 4

    result = import_bill(known, path=path, now=NOW)

    assert (result.state, result.rows_new, [f.code for f in result.findings]) == (
        "REJECTED",
        0,
        ["BATCH_REJECTED"],
    )
    assert rows(known, "SELECT state, rows_bad FROM bill_file") == [("REJECTED", 1)]
    assert rows(known, "SELECT count(*) FROM bill_row") == [(0,)]
    assert rows(known, "SELECT count(*) FROM quarantine_row") == [(0,)]


def test_a_file_rejected_for_its_future_rows_can_be_tried_again_later(known: Engine) -> None:
    early = imported(known, "wechat_all.csv", now=datetime(2025, 3, 1, tzinfo=UTC))

    later = imported(known, "wechat_all.csv")

    assert (early.state, later.state, later.rows_new) == ("REJECTED", "IMPORTED", 5)
    assert early.file_no == later.file_no


def test_a_summary_that_differs_from_the_rows_is_a_stored_finding(known: Engine, tmp_path: Path) -> None:
    lines = wechat_lines()
    lines[-1] = lines[-1].replace("`210.50", "`211.50")

    result = import_bill(known, path=written(tmp_path, lines), now=NOW)

    assert [(f.code, "21150" in f.message) for f in result.findings] == [("BILL_SUMMARY_MISMATCH", True)]
    assert rows(known, "SELECT summary->'findings'->0->>'code' FROM bill_file") == [
        ("BILL_SUMMARY_MISMATCH",)
    ]


def test_a_huge_line_is_one_bad_row_and_kept_short(known: Engine, tmp_path: Path) -> None:
    lines = wechat_lines()
    many = [lines[1].replace("0000000001", f"{n:010d}") for n in range(10, 40)]

    result = import_bill(
        known, path=written(tmp_path, [lines[0], *many, "`" + "水" * 500_000, *lines[-2:]]), now=NOW
    )

    assert (result.rows_new, result.rows_bad) == (30, 1)
    assert rows(known, "SELECT code, length(raw) <= 2000 FROM quarantine_row") == [("LINE_TOO_LONG", True)]


def test_a_nul_and_broken_utf8_in_a_row_are_quarantined(known: Engine, tmp_path: Path) -> None:
    lines = wechat_lines()
    many = [lines[1].replace("0000000001", f"{n:010d}").encode() for n in range(10, 60)]
    path = tmp_path / "bill.csv"
    path.write_bytes(
        b"\n".join([lines[0].encode(), *many, b"`\xff\xfe", b"`a\x00b", *(s.encode() for s in lines[-2:])])
    )

    result = import_bill(known, path=path, now=NOW)

    assert (result.rows_new, result.rows_bad) == (50, 2)
    assert rows(known, "SELECT code FROM quarantine_row ORDER BY line_no") == [
        ("ENCODING_INVALID",),
        ("FIELD_COUNT",),
    ]


def unreadable(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "bill.csv"
    path.write_bytes(content)
    return path


def wechat_bytes() -> bytes:
    return (FIXTURES / "wechat_all.csv").read_bytes()


@pytest.mark.parametrize(
    ("content", "refusal", "code"),
    [
        (b"", BillFormatUnknown, "BILL_FORMAT_UNKNOWN"),
        (b"a,b,c\r\n1,2,3\r\n", BillFormatUnknown, "BILL_FORMAT_UNKNOWN"),
        ("交易时间,商户号\r\n".encode(), BillFormatUnknown, "BILL_FORMAT_UNKNOWN"),
        (
            "#支付宝业务明细查询\r\n商户订单号,业务类型\r\n".encode("gbk"),
            BillFormatUnknown,
            "BILL_FORMAT_UNKNOWN",
        ),
        ("交易时间,商户号\r\n".encode("utf-16"), BillEncoding, "BILL_ENCODING"),
        (wechat_bytes()[: len(wechat_bytes()) // 2], BillTruncated, "BILL_TRUNCATED"),
        (gzip.compress(wechat_bytes())[:-300], BillTruncated, "BILL_TRUNCATED"),
        ((FIXTURES / "alipay_20250401.zip").read_bytes()[:900], BillTruncated, "BILL_TRUNCATED"),
        ((FIXTURES / "alipay_detail.csv").read_bytes()[:900], BillTruncated, "BILL_TRUNCATED"),
    ],
)
def test_a_file_that_cannot_be_read_writes_nothing(
    known: Engine, tmp_path: Path, content: bytes, refusal: type[BillUnreadable], code: str
) -> None:
    with pytest.raises(refusal) as raised:
        import_bill(known, path=unreadable(tmp_path, content), now=NOW)

    assert raised.value.code == code
    assert rows(known, "SELECT count(*) FROM bill_file") == [(0,)]
    assert rows(known, "SELECT count(*) FROM bill_row") == [(0,)]


def test_a_file_that_is_not_there_is_refused(known: Engine, tmp_path: Path) -> None:
    with pytest.raises(BillUnreadable) as raised:
        import_bill(known, path=tmp_path / "none.csv", now=NOW)

    assert raised.value.code == "BILL_UNREADABLE"


def test_progress_ends_at_the_whole(known: Engine) -> None:
    seen: list[tuple[int, int]] = []

    import_bill(
        known,
        path=FIXTURES / "wechat_all.csv",
        now=NOW,
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[-1] == (len(wechat_bytes()), len(wechat_bytes()))
