"""How each of our processes begins: its home, its settings, its logs, its database."""

from __future__ import annotations

import argparse
import os
import sys
from types import TracebackType

import structlog

from haodian import logs
from haodian.settings import Settings, read_settings

log = structlog.get_logger(__name__)


def begin(name: str) -> Settings:
    """Read `--home`, send logs to the process's own file, and log the error that ends it, if one does."""
    arguments = argparse.ArgumentParser(prog=f"haodian.{name}")
    arguments.add_argument("--home", required=True)
    home = arguments.parse_args().home
    settings = read_settings({**os.environ, "HAODIAN_HOME": home})
    logs.configure(settings.logs, process=name)
    sys.excepthook = _log_end
    log.info("process_begins", process=name, pid=os.getpid())
    return settings


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("process_failed", exc_info=(kind, error, trace))
