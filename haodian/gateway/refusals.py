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
    chinese = "签名不正确"


class ClockSkew(Invalid):
    """The timestamp lies more than 5 minutes from our clock."""

    code = "CLOCK_SKEW"
    chinese = "时间戳与服务器时间相差超过 5 分钟"
    retryable = True


CHINESE: Mapping[str, str] = {
    "BODY_TOO_LARGE": "请求体超过 64 KiB",
    "INTERNAL": "系统内部错误，已记录",
    "INVALID": Invalid.chinese,
    "METHOD_NOT_ALLOWED": "此路径不支持该方法",
    "NOT_FOUND": NotFound.chinese,
}
"""What the framework refuses, by code; refusals of our own carry their text."""

_STATUS: Mapping[str, int] = {
    "SIGNATURE_INVALID": 401,
    "CLOCK_SKEW": 401,
    "API_KEY_UNKNOWN": 401,
    "OVERLOADED": 429,
    "STORE_UNAVAILABLE": 503,
    "NO_ACTIVE_RELEASE": 503,
}


def answer_of(refusal: PaymentsCoreError) -> JSONResponse:
    """Return the HTTP answer to a refusal."""
    status = status_of(type(refusal))
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    return answer(
        status=status,
        code=refusal.code,
        message=refusal.chinese,
        message_en=refusal.message,
        fields=refusal.fields,
        headers=headers,
    )


def status_of(refusal: type[PaymentsCoreError]) -> int:
    """Return the HTTP status of a kind of refusal: that of its code, else 404, 409 or 422 by what it is."""
    if refusal.code in _STATUS:
        return _STATUS[refusal.code]
    if issubclass(refusal, NotFound):
        return 404
    return 409 if issubclass(refusal, Conflict) else 422


def answer(
    *,
    status: int,
    code: str,
    message: str,
    message_en: str,
    fields: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error answer of the one shape."""
    content = {
        "code": code,
        "message": message,
        "message_en": message_en,
        "fields": {name: _plain(value) for name, value in (fields or {}).items()},
    }
    return JSONResponse(content, status, headers=dict(headers or {}))


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
