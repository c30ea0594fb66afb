"""The payments API as an ASGI application.

Nothing here blocks the event loop: writing goes through the committer, reading through a thread.
"""

# No `from __future__ import annotations` here: FastAPI reads annotations that name local functions.

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import structlog
from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from haodian.gateway import refusals, schemas
from haodian.gateway.desk import Desk
from haodian.gateway.guard import Guard
from haodian.gateway.metrics import Metrics
from payments_core.access import ApiKey
from payments_core.errors import PaymentsCoreError
from payments_core.payments.errors import (
    AmountInvalid,
    MerchantNotFound,
    RequestInvalid,
    StoreUnavailable,
)

ReleaseNo = Callable[[], int | None]
MAX_BODY_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


def build(*, desk: Desk, guard: Guard, release_no: ReleaseNo = lambda: None) -> ASGIApp:
    """Return the application; `release_no` tells which release of the rules the process has ready."""
    metrics = Metrics()
    api = FastAPI(
        title="好店 支付网关 / HaoDian payments API",
        version="1.0",
        summary="Signed requests; amounts in integer fen; idempotent by the merchant's own numbers.",
        docs_url=None,  # its page loads scripts from elsewhere; /openapi.json says it all
        redoc_url=None,
        responses={status: {"model": schemas.Refusal} for status in (401, 404, 409, 422, 429, 503)},
    )

    async def caller(request: Request) -> ApiKey:
        return await guard.caller_of(request)

    async def merchant(
        key: Annotated[ApiKey, Depends(caller)],
        merchant_id: Annotated[schemas.MerchantIdText | None, Query(description=_WHOSE)] = None,
    ) -> str:
        asked = merchant_id or key.merchant_id
        if asked is None:
            raise RequestInvalid("A platform key must say whose payment it asks for", merchant_id="missing")
        return _of_key(key, asked)

    _add_payments(api, desk=desk, caller=caller)
    _add_one_payment(api, desk=desk, merchant=merchant)
    _add_operations(api, desk=desk, metrics=metrics, release_no=release_no)
    _add_refusals(api, metrics)
    return _Edge(api, metrics=metrics)


Caller = Callable[[Request], Awaitable[ApiKey]]
PaymentId = Annotated[str, Path(pattern=r"^P\d{1,19}$", examples=["P2504151030120010001"])]
_WHOSE = "商户号；平台密钥必填 / required with a key of the platform"


def _add_payments(api: FastAPI, *, desk: Desk, caller: Caller) -> None:
    @api.post("/v1/payments", tags=["payments"], summary="下单 / Take a payment")
    async def pay(
        order: schemas.PaymentRequest, key: Annotated[ApiKey, Depends(caller)]
    ) -> schemas.PaymentAnswer:
        """Idempotent by (merchant_id, merchant_order_no): the same request again gets the same payment.

        State PAYING means that the channel has not answered yet: ask for the payment later.
        """
        return await desk.pay(order, merchant_id=_of_key(key, order.merchant_id))

    @api.get(
        "/v1/merchants/{merchant_id}/orders/{merchant_order_no}",
        tags=["payments"],
        summary="按商户单号查询 / Get a payment by the merchant's order number",
    )
    async def payment_of_order(
        merchant_id: schemas.MerchantId,
        merchant_order_no: schemas.OrderNo,
        key: Annotated[ApiKey, Depends(caller)],
    ) -> schemas.PaymentAnswer:
        return await desk.payment_of_order(
            merchant_order_no=merchant_order_no, merchant_id=_of_key(key, merchant_id)
        )


def _add_one_payment(api: FastAPI, *, desk: Desk, merchant: Callable[..., Awaitable[str]]) -> None:
    whose = Annotated[str, Depends(merchant)]

    @api.get("/v1/payments/{payment_id}", tags=["payments"], summary="查询支付 / Get a payment")
    async def payment(payment_id: PaymentId, merchant_id: whose) -> schemas.PaymentAnswer:
        return await desk.payment(int(payment_id[1:]), merchant_id=merchant_id)

    @api.post("/v1/payments/{payment_id}/refunds", tags=["refunds"], summary="退款 / Refund")
    async def refund(
        payment_id: PaymentId, order: schemas.RefundRequest, merchant_id: whose
    ) -> schemas.RefundAnswer:
        """Idempotent by merchant_refund_no; up to 50 partial refunds within 365 days."""
        return await desk.refund(order, payment_id=int(payment_id[1:]), merchant_id=merchant_id)

    @api.get("/v1/payments/{payment_id}/refunds", tags=["refunds"], summary="查询退款 / List refunds")
    async def refunds(payment_id: PaymentId, merchant_id: whose) -> Sequence[schemas.RefundAnswer]:
        return await desk.refunds(int(payment_id[1:]), merchant_id=merchant_id)


def _add_operations(api: FastAPI, *, desk: Desk, metrics: Metrics, release_no: ReleaseNo) -> None:
    @api.get("/healthz", tags=["operations"], summary="Is this process alive, and by which release?")
    async def healthz() -> dict[str, str | int | None]:
        return {"status": "ok", "release_no": release_no()}

    @api.get("/readyz", tags=["operations"], summary="Can it take payments?")
    async def readyz() -> JSONResponse:
        ready = await desk.is_ready()
        return JSONResponse({"status": "ok" if ready else "away"}, 200 if ready else 503)

    @api.get("/metrics", tags=["operations"], summary="Prometheus metrics", response_class=PlainTextResponse)
    async def read_metrics() -> str:
        return metrics.text({**desk.gauges(), "haodian_release_no": release_no() or 0})


def _add_refusals(api: FastAPI, metrics: Metrics) -> None:
    @api.exception_handler(PaymentsCoreError)
    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PaymentsCoreError)
        metrics.refused(error.code)
        return refusals.answer_of(error)

    @api.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        fields = {".".join(map(str, e["loc"][1:])) or "body": str(e["msg"]) for e in error.errors()}
        only_amounts = all(name.endswith("_fen") for name in fields)
        refusal = (AmountInvalid if only_amounts else RequestInvalid)(findings=fields)
        metrics.refused(refusal.code)
        return refusals.answer_of(refusal)

    @api.exception_handler(OperationalError)
    async def database_away(request: Request, error: Exception) -> JSONResponse:
        log.warning("database_away", path=request.url.path)
        metrics.refused(StoreUnavailable.code)
        return refusals.answer_of(StoreUnavailable())

    @api.exception_handler(Exception)
    async def our_bug(request: Request, error: Exception) -> JSONResponse:
        # Starlette raises it again afterwards; `_Edge` logs it there.
        kind = type(error).__name__
        return refusals.answer(
            status=500,
            code="INTERNAL",
            message=refusals.CHINESE["INTERNAL"],
            message_en=f"Internal error: {kind}",
        )

    @api.exception_handler(HTTPException)
    async def of_the_framework(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = _CODES.get(error.status_code, "INVALID")
        return refusals.answer(
            status=error.status_code,
            code=code,
            message=refusals.CHINESE[code],
            message_en=str(error.detail),
        )


_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE"}


def _of_key(key: ApiKey, asked: str) -> str:
    if key.merchant_id is not None and key.merchant_id != asked:
        raise MerchantNotFound(merchant_id=asked)  # a key learns nothing of other merchants
    return asked


class _Edge:
    """The outermost layer: times requests, bounds bodies, answers a bug without its trace."""

    def __init__(self, app: FastAPI, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, taken = time.monotonic(), 0, 0

        async def counted_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY_BYTES:
                raise HTTPException(413, "The body is larger than 64 KiB")  # else FastAPI says 400
            return message

        async def noted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, counted_receive, noted_send)
        except Exception:
            log.exception("request_failed", path=scope["path"])
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            seconds = time.monotonic() - started
            self._metrics.observe(method=scope["method"], route=route, status=status, seconds=seconds)
