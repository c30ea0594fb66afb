"""Refusals of reporting.

PaymentsCoreError
├── NotFound
│   └── NodeNotFound   no such node, or it lies outside the reader's scope
└── Invalid
    └── RangeInvalid   a period that ends before it begins, or is longer than 400 days
"""

from __future__ import annotations

from payments_core.errors import Invalid, NotFound


class NodeNotFound(NotFound):
    """There is no such node, or it lies outside your scope."""

    code = "NODE_NOT_FOUND"
    chinese = "没有这个机构，或不在您的范围内"


class RangeInvalid(Invalid):
    """The period ends before it begins, or is longer than 400 days."""

    code = "RANGE_INVALID"
    chinese = "日期范围不对：结束早于开始，或超过 400 天"
