"""Open the streams of captured payments, and post a day's shares."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from payments_core.profit_share.model import Stream
from payments_core.profit_share.tables import share_line, share_stream


def open_streams(connection: Connection, *, streams: Sequence[Stream]) -> None:
    """Write the streams and their lines that are not known yet; call it in the transaction of the capture."""
    if not streams:
        return
    ordered = sorted({(s.merchant_id, s.stream_id): s for s in streams}.items())
    heads = [
        {
            "merchant_id": s.merchant_id,
            "stream_id": s.stream_id,
            "rule_id": s.rule_id,
            "rule_version": s.rule_version,
            "rounding": s.rounding,
            "period": s.period,
        }
        for _, s in ordered
    ]
    lines = [
        {
            "merchant_id": s.merchant_id,
            "stream_id": s.stream_id,
            "line_no": line_no,
            "pool_no": line.pool_no,
            "party_kind": line.party_kind,
            "party_id": line.party_id,
            "role": line.role,
            "rate_ppm": line.rate_ppm,
            "rule_line": line.rule_line,
        }
        for _, s in ordered
        for line_no, line in enumerate(s.lines, start=1)
    ]
    connection.execute(insert(share_stream).on_conflict_do_nothing(), heads)
    connection.execute(insert(share_line).on_conflict_do_nothing(), lines)
