"""Every refusal reads the same over HTTP, in Chinese and English."""

from __future__ import annotations

import json
from datetime import date

import pytest

from haodian.gateway import refusals
from payments_core import access
from payments_core.errors import Conflict, PaymentsCoreError
from payments_core.payments import errors as payment_errors


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (refusals.SignatureInvalid(), 401),
        (access.ApiKeyUnknown(), 401),
        (payment_errors.PaymentNotFound(), 404),
        (access.NonceReused(), 409),
        (payment_errors.IdempotencyConflict(), 409),
        (payment_errors.AmountInvalid(), 422),
        (payment_errors.Overloaded(), 429),
        (payment_errors.StoreUnavailable(), 503),
    ],
)
def test_the_status_follows_from_the_kind(refusal: PaymentsCoreError, status: int) -> None:
    answer = refusals.answer_of(refusal)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status in (429, 503))


def test_fields_are_plain_json() -> None:
    refusal = Conflict("No.", at=date(2025, 4, 15), ids=("a", "b"), kind=Conflict, nested={"n": 1})
    body = json.loads(refusals.answer_of(refusal).body)
    assert body["message_en"] == "No."
    assert body["fields"]["at"] == "2025-04-15"
    assert body["fields"]["ids"] == ["a", "b"]
    assert body["fields"]["nested"] == {"n": 1}
