"""What the gateway refuses by itself, and how every refusal reads over HTTP.

    {"code": "AMOUNT_INVALID", "message": "…", "message_en": "…", "fields": {…}}

`code` never changes; `message` is Chinese, `message_en` English, `fields` are the values that matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum

from fastapi.responses import JSONResponse

from payments_core.errors import Conflict, Invalid, NotFound, PaymentsCoreError


class SignatureInvalid(Invalid):
    """The signature does not match the request."""

    code = "SIGNATURE_INVALID"


class ClockSkew(Invalid):
    """The timestamp lies more than 5 minutes from our clock."""

    code = "CLOCK_SKEW"
    retryable = True


class MerchantNotYours(Invalid):
    """This key may not act for that merchant."""

    code = "MERCHANT_NOT_YOURS"


CHINESE: Mapping[str, str] = {
    "AMOUNT_INVALID": "金额应为大于零的整数分,且各部分不超过总额",
    "API_KEY_UNKNOWN": "没有这个 API 密钥,或已吊销",
    "BODY_TOO_LARGE": "请求体超过 64 KiB",
    "CLOCK_SKEW": "时间戳与服务器时间相差超过 5 分钟",
    "CONFLICT": "当前状态不允许此操作",
    "DEVICE_BINDING_MISMATCH": "设备不存在,或未绑定此商户",
    "IDEMPOTENCY_CONFLICT": "此单号已用于内容不同的请求",
    "INTERNAL": "系统内部错误,已记录",
    "INVALID": "请求无效",
    "MERCHANT_NOT_ACTIVE": "商户当前不能收款",
    "MERCHANT_NOT_FOUND": "没有这个商户",
    "MERCHANT_NOT_YOURS": "此密钥无权代表该商户",
    "METHOD_NOT_ALLOWED": "此路径不支持该方法",
    "NONCE_REUSED": "nonce 已被使用,请求可能被重放",
    "NOT_FOUND": "没有找到",
    "NO_ACTIVE_RELEASE": "尚未启用任何规则版本",
    "OVERLOADED": "系统繁忙,本次请求未处理,请稍后用原单号重试",
    "PAYMENT_ILLEGAL_TRANSITION": "支付单当前状态不允许这一步",
    "PAYMENT_NOT_FOUND": "没有这笔支付",
    "PAYMENT_NOT_REFUNDABLE": "这笔支付没有可退的金额",
    "PRICE_MISSING": "没有适用的费率规则,支付保持待处理",
    "REFUND_EXCEEDS": "退款超过剩余可退金额",
    "REFUND_NOT_FOUND": "没有这笔退款",
    "REFUND_WINDOW": "每笔支付 365 天内最多退款 50 次",
    "REFUSED_BY_DATABASE": "数据校验未通过,未写入任何内容",
    "REQUEST_INVALID": "请求与接口说明不符",
    "SIGNATURE_INVALID": "签名不正确",
    "STORE_UNAVAILABLE": "服务暂时不可用,请用原单号重试",
}

_STATUS: Mapping[str, int] = {
    "SIGNATURE_INVALID": 401,
    "CLOCK_SKEW": 401,
    "API_KEY_UNKNOWN": 401,
    "MERCHANT_NOT_YOURS": 403,
    "OVERLOADED": 429,
    "STORE_UNAVAILABLE": 503,
    "NO_ACTIVE_RELEASE": 503,
}


def answer_of(refusal: PaymentsCoreError) -> JSONResponse:
    """Return the HTTP answer to a refusal."""
    status = _STATUS.get(refusal.code) or _status_of_kind(refusal)
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    return answer(
        status=status, code=refusal.code, message_en=refusal.message, fields=refusal.fields, headers=headers
    )


def answer(
    *,
    status: int,
    code: str,
    message_en: str,
    fields: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error answer of the one shape."""
    content = {
        "code": code,
        "message": CHINESE.get(code, message_en),
        "message_en": message_en,
        "fields": {name: _plain(value) for name, value in (fields or {}).items()},
    }
    return JSONResponse(content, status, headers=dict(headers or {}))


def _status_of_kind(refusal: PaymentsCoreError) -> int:
    if isinstance(refusal, NotFound):
        return 404
    return 409 if isinstance(refusal, Conflict) else 422


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | bool | type(None)) else str(value)
