"""Structured logs: one JSON line an event, one file a process, secrets blotted out.

Nothing here writes to the terminal; what a person should read is printed by the command line.
"""

from __future__ import annotations

import logging
import logging.handlers
import traceback
from pathlib import Path

import structlog
from structlog.typing import EventDict, WrappedLogger

from haodian import clock

_SECRET_WORDS = (
    "password",
    "secret",
    "token",
    "signature",
    "authorization",
    "cookie",
    "sealed",
    "database_url",
)
FILE_BYTES, FILES = 10_000_000, 5


def configure(folder: Path, *, process: str) -> None:
    """Send every log line of this process, uvicorn's and libraries' too, to `folder`/`process`.log."""
    folder.mkdir(parents=True, exist_ok=True)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp,
        _blot,
    ]
    handler = logging.handlers.RotatingFileHandler(
        folder / f"{process}.log", maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8"
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("httpx", "httpcore", "procrastinate"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def write_trace(folder: Path, error: BaseException) -> Path:
    """Write the stack trace of an unexpected error to a file of its own and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"error-{clock.machine_now():%Y%m%d-%H%M%S-%f}.txt"
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def _stamp(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    event["at"] = clock.machine_now().isoformat(timespec="milliseconds")
    return event


def _blot(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event
