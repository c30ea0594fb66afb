"""Refusals about sequences and their reader.

NotFound
└── MatchNotFound     MATCH_NOT_FOUND
Conflict
└── ReaderOvertaken   READER_OVERTAKEN
"""

from __future__ import annotations

from payments_core.errors import Conflict, NotFound


class MatchNotFound(NotFound):
    """There is no such match."""

    code = "MATCH_NOT_FOUND"
    chinese = "没有这条发现"


class ReaderOvertaken(Conflict):
    """Another process has read on from where this one stood; it begins again from there."""

    code = "READER_OVERTAKEN"
    chinese = "另一进程已从此处读下去，本进程从新位置重来"
