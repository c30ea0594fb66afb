"""A signature covers everything that matters of a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from haodian.gateway.refusals import ClockSkew, SignatureInvalid
from haodian.gateway.signing import NONCE, SIGNATURE, TIMESTAMP, ensure_signed_with, read_headers, sign

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
SECRET = b"a secret of the merchant"
SENT = {"method": "POST", "target": "/v1/payments?x=1", "body": b'{"amount_fen": 5000}'}


def _headers() -> dict[str, str]:
    return sign(**SENT, key_id="hd_1", secret=SECRET, now=NOW)


def test_what_was_signed_is_accepted() -> None:
    signed = read_headers(_headers(), now=NOW)
    assert signed.key_id == "hd_1"
    ensure_signed_with(signed, secret=SECRET, **SENT)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"target": "/v1/payments?x=2"},
        {"body": b'{"amount_fen": 50}'},
        {"secret": b"another"},
    ],
)
def test_any_change_breaks_the_signature(changed: dict[str, object]) -> None:
    signed = read_headers(_headers(), now=NOW)
    with pytest.raises(SignatureInvalid):
        ensure_signed_with(signed, **{"secret": SECRET, **SENT, **changed})


@pytest.mark.parametrize("header", [NONCE, TIMESTAMP])
def test_nonce_and_timestamp_are_signed_too(header: str) -> None:
    headers = _headers()
    headers[header] = {NONCE: "x" * 20, TIMESTAMP: str(int(NOW.timestamp()) + 1)}[header]
    with pytest.raises(SignatureInvalid):
        ensure_signed_with(read_headers(headers, now=NOW), secret=SECRET, **SENT)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_timestamp_outside_five_minutes_is_refused(seconds: int) -> None:
    with pytest.raises(ClockSkew) as skewed:
        read_headers(_headers(), now=NOW + timedelta(seconds=seconds))
    assert skewed.value.code == "CLOCK_SKEW"
    read_headers(_headers(), now=NOW + timedelta(seconds=300))


@pytest.mark.parametrize(
    "broken",
    [
        {SIGNATURE: ""},
        {TIMESTAMP: "yesterday"},
        {TIMESTAMP: "-5"},
        {TIMESTAMP: "1" * 30},
        {NONCE: "short"},
        {NONCE: "with space in it, long"},
        {NONCE: "n" * 65},
    ],
)
def test_headers_that_are_missing_or_malformed_are_refused(broken: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        read_headers({**_headers(), **broken}, now=NOW)
