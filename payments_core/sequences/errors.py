"""Refusals of the reader of sequences.

Conflict
└── ReaderOvertaken   READER_OVERTAKEN
"""

from __future__ import annotations

from payments_core.errors import Conflict


class ReaderOvertaken(Conflict):
    """Another process has read on from where this one stood; it begins again from there."""

    code = "READER_OVERTAKEN"
    chinese = "另一进程已从此处读下去，本进程从新位置重来"
