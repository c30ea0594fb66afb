"""What the API takes and gives: the OpenAPI description is made of these models.

Amounts are integer fen and strict: `"5000"` and `50.0` are refused. Unknown fields are refused too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from payments_core.channels import Channel

_NUMBER = r"^[A-Za-z0-9_\-|*@.]{1,64}$"
_CODE = r"^[A-Za-z0-9_\-|*@.:+/=]{0,128}$"

MerchantIdText = Annotated[str, Field(pattern=_NUMBER)]
MerchantId = Annotated[str, Path(pattern=_NUMBER, examples=["M00001"])]
OrderNo = Annotated[str, Path(pattern=_NUMBER, examples=["20250415-0001"])]
Fen = Annotated[int, Field(strict=True, ge=1, le=100_000_000_000)]
FenOrNone = Annotated[int, Field(strict=True, ge=0, le=100_000_000_000)]

_ORDER = {
    "merchant_id": "M00001",
    "merchant_order_no": "20250415-0001",
    "amount_fen": 5000,
    "channel": "WECHAT",
    "mode": "STATIC_QR",
    "payer_id": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "device_id": "SPK-000001",
}
_REFUND = {"merchant_refund_no": "R-20250415-0001", "amount_fen": 2000, "reason": "少一份饺子"}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PaymentRequest(_Request):
    """An order to be paid; `merchant_order_no` makes it idempotent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ORDER]})

    merchant_id: str = Field(pattern=_NUMBER, description="商户号")
    merchant_order_no: str = Field(pattern=_NUMBER, description="商户单号，幂等键 / idempotency key")
    amount_fen: Fen = Field(description="订单金额，分")
    settle_amount_fen: FenOrNone | None = Field(
        default=None, description="结算金额：订单金额减商户承担的优惠 / less what the merchant discounts"
    )
    buyer_paid_fen: FenOrNone | None = Field(
        default=None, description="实付金额：再减平台、银行承担的优惠 / less what platform or bank pay"
    )
    channel: Channel = Field(description="支付渠道")
    mode: str = Field(pattern=r"^(STATIC_QR|DYNAMIC|SCANNED|MINI)$", description="支付方式")
    card_type: str = Field(default="NONE", pattern=r"^(DEBIT|CREDIT|NONE)$")
    bank_code: str = Field(default="", pattern=_CODE)
    payer_id: str = Field(
        default="", pattern=_CODE, description="付款人标识；仅保存其加盐散列 / stored hashed only"
    )
    device_id: str = Field(default="", pattern=_CODE)
    device_distance_m: int = Field(
        default=-1, strict=True, ge=-1, le=50_000_000, description="设备距登记位置，米;-1 未知"
    )
    expires_after_s: int = Field(default=7200, strict=True, ge=60, le=86_400)


class RefundRequest(_Request):
    """Money to send back; `merchant_refund_no` makes it idempotent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_REFUND]})

    merchant_refund_no: str = Field(pattern=_NUMBER, description="商户退款单号，幂等键 / idempotency key")
    amount_fen: Fen = Field(description="退款金额，分")
    reason: str = Field(default="", max_length=200, pattern=r"^[^\x00]*$")


class PaymentAnswer(BaseModel):
    """A payment as it stands."""

    payment_id: str = Field(examples=["P2504151030120010001"])
    merchant_id: str
    merchant_order_no: str
    state: str = Field(description="PAYING | SUCCESS | FAILED | CLOSED | REVOKED", examples=["SUCCESS"])
    refund_state: str = Field(description="NONE | PARTIAL | FULL", examples=["NONE"])
    refused_code: str = Field(description="why a payment FAILED, else empty", examples=[""])
    risk_decision: str = Field(examples=["PASS"])
    channel: str
    channel_order_no: str
    amount_fen: int
    settle_amount_fen: int
    buyer_paid_fen: int
    refunded_fen: int
    fee_fen: int | None = Field(description="手续费，分；成功后才有")
    created_at: datetime
    paid_at: datetime | None


class RefundAnswer(BaseModel):
    """A refund as it stands."""

    refund_id: str = Field(examples=["R2504151130120010007"])
    payment_id: str
    merchant_id: str
    merchant_refund_no: str
    state: str = Field(description="PROCESSING | SUCCESS | FAILED", examples=["SUCCESS"])
    amount_fen: int
    fee_back_fen: int | None
    reason: str
    requested_at: datetime
    refunded_at: datetime | None


class Refusal(BaseModel):
    """Every error: `code` is stable, the texts are for people."""

    code: str = Field(examples=["IDEMPOTENCY_CONFLICT"])
    message: str = Field(examples=["此单号已用于内容不同的请求"])
    message_en: str = Field(examples=["This number was used before with another content."])
    fields: dict[str, object] = Field(default_factory=dict)
