"""The command line as its users call it: arguments and environment in, an exit code and words out.

It runs in this process: one of its own takes seconds to begin, and that it begins is tested elsewhere.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from haodian.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def haodian(*arguments: str, **environment: str) -> Done:
    """Run `haodian` with these arguments, and these variables beside the machine's own."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["haodian", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    return Done(code=ended.value.code, out=out.getvalue(), err=err.getvalue())
