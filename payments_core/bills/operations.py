"""Import one channel bill: all of it in one transaction, in flat memory.

The file is read as a stream into a temporary table (COPY), good rows and bad ones alike; the database then
finds rows that repeat within the file, refuses the file if too much of it is bad, and inserts what it does
not know yet, matched to our payments in the same statement. One import runs at a time.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sqlalchemy import Connection, Engine, text

from payments_core.bills import source, statements
from payments_core.bills.alipay import FIRST_LINE as ALIPAY_FIRST_LINE
from payments_core.bills.alipay import AlipayBill
from payments_core.bills.errors import BillEncoding, BillFormatUnknown, BillTruncated
from payments_core.bills.model import (
    REASONS,
    BadRow,
    BillRow,
    Finding,
    ImportResult,
    Progress,
    RowRefused,
    Totals,
    printable,
)
from payments_core.bills.wechat import FIRST_COLUMN as WECHAT_FIRST_COLUMN
from payments_core.bills.wechat import WeChatBill
from payments_core.calendar import SHANGHAI, business_date_of, days_after
from payments_core.database import transaction

BAD_ROWS_LIMIT_PERCENT = 5
_REPORT_EVERY_LINES = 5_000

Bill = WeChatBill | AlipayBill


def import_bill(
    engine: Engine, *, path: Path, now: datetime, progress: Progress = lambda done, total: None
) -> ImportResult:
    """Import a WeChat Pay tradebill or an Alipay 业务明细 (plain, gzip or zip); again adds nothing.

    Bad rows go to quarantine and the rest is booked; above 5 % bad rows the file is REJECTED and only that
    fact is written. A file whose own summary differs from its rows is imported with a finding. Raises
    BillUnreadable (BillEncoding, BillFormatUnknown, BillTruncated) for a file that cannot be read: then
    nothing is written.
    """
    mark = source.fingerprint(path)
    with transaction(engine) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('haodian.bills'))"))
        if (earlier := _imported_before(connection, sha256=mark.sha256)) is not None:
            return earlier
        connection.execute(text(statements.STAGE))
        with source.unpacked(path) as stream:
            bill = _stage(connection, stream=stream, now=now, length=mark.length, progress=progress)
        if not bill.complete:
            raise BillTruncated(file=path.name)
        return _book(connection, bill=bill, path=path, sha256=mark.sha256, now=now)


def _stage(
    connection: Connection, *, stream: BinaryIO, now: datetime, length: int, progress: Progress
) -> Bill:
    """Read the whole stream into the temporary table."""
    lines = source.lines(stream)
    bill, encoding = _recognise(next(lines, None))
    done = 0
    with _cursor(connection) as cursor, cursor.copy(statements.COPY) as copy:
        for line in lines:
            done += len(line.content) + 1
            if line.number % _REPORT_EVERY_LINES == 0:
                progress(min(done, length), length)
            row = _read(bill, line=line, encoding=encoding, now=now)
            if isinstance(row, BillRow):
                copy.write_row((row.line_no, None, *row[1:], None))
            elif row is not None:
                copy.write_row((row.line_no, printable(row.raw), *(None,) * 9, row.code))
            if bill.missing:
                raise BillFormatUnknown(f"表头缺少：{'、'.join(bill.missing)}", missing=bill.missing)
    connection.execute(text("ANALYZE bill_stage"))
    progress(length, length)
    return bill


def _read(bill: Bill, *, line: source.Line, encoding: str, now: datetime) -> BillRow | BadRow | None:
    """Return what a line is: a row, a bad row, or nothing to book."""
    try:
        content = line.content.decode(encoding)
    except UnicodeDecodeError:
        code = "LINE_TOO_LONG" if line.overlong else "ENCODING_INVALID"
        return BadRow(line.number, line.content.decode(encoding, errors="replace"), code)
    try:
        if line.overlong:
            raise RowRefused("LINE_TOO_LONG")
        row = bill.read(line_no=line.number, text=content)
    except RowRefused as refused:
        return BadRow(line.number, content, refused.code)
    if row is not None and row.booked_at > now:
        return BadRow(line.number, content, "CLOCK_SKEW")
    return row


def _recognise(first: source.Line | None) -> tuple[Bill, str]:
    """Return the reader for a file and its encoding, by the first line."""
    content = b"" if first is None else first.content.removeprefix(b"\xef\xbb\xbf")
    seen = []
    for encoding in ("utf-8", "gb18030"):
        try:
            line = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if line.lstrip("`").startswith(WECHAT_FIRST_COLUMN):
            bill = WeChatBill(line)
            if bill.missing:
                raise BillFormatUnknown(f"表头缺少：{'、'.join(bill.missing)}", missing=bill.missing)
            return bill, encoding
        if line.startswith(ALIPAY_FIRST_LINE):
            return AlipayBill(), encoding
        seen.append(line[:40])
    if not seen:
        raise BillEncoding(start=content[:20].hex(" "))
    raise BillFormatUnknown(
        f"不是微信支付交易账单（第一行以“交易时间”开头），"
        "也不是支付宝业务明细（第一行“#支付宝业务明细查询”）。"
        f"这个文件的第一行是：{printable(seen[0]) or '空'}",
    )


def _book(connection: Connection, *, bill: Bill, path: Path, sha256: str, now: datetime) -> ImportResult:
    """Book what was staged, or reject the file."""
    connection.execute(statements.MARK_DUPLICATES)
    count = connection.execute(statements.COUNT).one()
    rejected = count.bad * 100 > count.lines * BAD_ROWS_LIMIT_PERCENT
    findings = _rejection(count.bad, count.lines) if rejected else _differences(bill.totals)
    bill_date = _bill_date(bill, first=count.first, now=now)
    file_no = connection.execute(
        statements.WRITE_FILE,
        {
            "channel": bill.channel, "bill_date": bill_date, "name": path.name, "sha256": sha256,
            "state": "REJECTED" if rejected else "IMPORTED", "rows_bad": count.bad, "now": now,
            "summary": json.dumps(_summary(bill.totals, findings), ensure_ascii=False),
        },
    ).scalar_one()  # fmt: skip
    new = matched = 0
    if not rejected:
        where = {"file_no": file_no, "channel": bill.channel}
        days = {
            "first": days_after(business_date_of(count.first or now), -1),
            "last": days_after(business_date_of(count.last or now), 1),
        }
        _add_raw_of_duplicates(connection, path=path)
        connection.execute(statements.ADOPT, {"channel": bill.channel})
        new, matched = connection.execute(statements.INSERT, where | days).one()
        connection.execute(
            statements.QUARANTINE, {"file_no": file_no, "reasons": json.dumps(REASONS, ensure_ascii=False)}
        )
    known = 0 if rejected else count.lines - count.bad - new
    connection.execute(statements.COUNTS_OF_FILE, {"new": new, "known": known, "file_no": file_no})
    return ImportResult(
        file_no=file_no, channel=bill.channel, bill_date=bill_date,
        state="REJECTED" if rejected else "IMPORTED", rows_new=new, rows_known=known, rows_bad=count.bad,
        rows_matched=matched, findings=findings,
    )  # fmt: skip


def _add_raw_of_duplicates(connection: Connection, *, path: Path) -> None:
    """Read the file again for the lines that repeat earlier ones, at most 5 % of it."""
    repeated = set(connection.execute(statements.DUPLICATES).scalars())
    if not repeated:
        return
    with source.unpacked(path) as stream:
        raws = [
            {"line_no": line.number, "raw": printable(_decoded(line.content))}
            for line in source.lines(stream)
            if line.number in repeated
        ]
    connection.execute(statements.ADD_RAW, raws)


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def _imported_before(connection: Connection, *, sha256: str) -> ImportResult | None:
    """Return what importing this content again does, which is nothing; None for content not yet imported."""
    row = connection.execute(
        text("SELECT * FROM bill_file WHERE sha256 = :sha256 AND state = 'IMPORTED'"), {"sha256": sha256}
    ).one_or_none()
    if row is None:
        return None
    at = f"{row.imported_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    finding = Finding(
        code="RECON_FILE_DUPLICATE",
        message=f"这份账单已于 {at} 导入（{row.name}），本次没有新增。",
        message_en=f"This bill was imported on {at} ({row.name}); nothing was added.",
    )
    state: Literal["IMPORTED"] = "IMPORTED"
    return ImportResult(
        file_no=row.file_no, channel=row.channel, bill_date=row.bill_date, state=state, rows_new=0,
        rows_known=row.rows_new + row.rows_known, rows_bad=row.rows_bad, rows_matched=0, findings=(finding,),
    )  # fmt: skip


def _rejection(bad: int, lines: int) -> tuple[Finding, ...]:
    return (
        Finding(
            code="BATCH_REJECTED",
            message=f"{lines} 行中有 {bad} 行不合格，超过 {BAD_ROWS_LIMIT_PERCENT}%，整份未导入。",
            message_en=f"{bad} of {lines} rows are bad, over {BAD_ROWS_LIMIT_PERCENT} %: none was imported.",
        ),
    )


def _differences(totals: Totals) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code="BILL_SUMMARY_MISMATCH",
            message=f"账单汇总“{name}”为 {stated}，各行合计为 {counted}（金额单位：分）。",
            message_en=f"The bill states {stated} for {name}; its rows add up to {counted} (amounts in fen).",
        )
        for name, (stated, counted) in totals.differences().items()
    )


def _summary(totals: Totals, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "stated": totals.stated,
        "counted": {name: totals.counted[name] for name in totals.stated if name in totals.counted},
        "findings": [{"code": f.code, "message": f.message, "message_en": f.message_en} for f in findings],
    }


def _bill_date(bill: Bill, *, first: datetime | None, now: datetime) -> date:
    """Return the day a bill is about: as it says, else that of its first row, else yesterday."""
    stated = bill.bill_date if isinstance(bill, AlipayBill) else None
    return stated or (business_date_of(first) if first else days_after(business_date_of(now), -1))


def _cursor(connection: Connection) -> Any:
    """Return a psycopg cursor on the connection's own transaction, for COPY."""
    return connection.connection.cursor()
