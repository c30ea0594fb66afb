"""A rulebook of one kind and one rule, small enough to read, and a repository made of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from engine.releases import Author, create_repository

CST = timezone(timedelta(hours=8))
T0 = datetime(2025, 1, 1, 9, 0, tzinfo=CST)
WANG = Author(name="王磊", email="wang@haodian")
LI = Author(name="李娜", email="li@haodian")

FEE = "rules/merchant_fee/fee.std.yaml"
FORM = "forms/hello.yaml"

_FACTS = """
namespaces:
  txn:
    title: {zh: 交易, en: Payment}
    facts:
      amount_fen: {type: int, unit: fen, default: 0, zh: 金额, en: amount}
"""
_AGGREGATES = "namespace: agg\ntitle: {zh: 窗口, en: Windows}\naggregates: []\n"
_APPROVAL = """
chains:
  money: {title: {zh: 资金, en: Money}, write: [hq_ops], approve: [finance], publish: [hq_ops]}
"""
_KIND = """
kind: merchant_fee
title: {zh: 商户手续费, en: Merchant fee}
shape: table
namespaces: [txn]
approval: money
outputs: [rate]
"""
_KIND_SCHEMA = '{"type": "object"}'


def fee(*, version: int, rate: str, start: str, note: str = "") -> str:
    """Return the text of one version of the fee rule."""
    return f"""kind: merchant_fee
id: fee.std
version: {version}
title: 标准费率{note}
owner: hq_ops
effective: {{from: "{start}T00:00:00+08:00", to: null}}
scope: {{}}
spec:
  rows:
    - {{when: "true", rate: "{rate}"}}
tests: []
"""


FORM_TEXT = """kind: form
id: hello
version: 1
title: {zh: 你好, en: Hello}
owner: hq_ops
schema:
  type: object
  additionalProperties: false
  required: [name]
  properties:
    name: {type: string, title: 名称, x-title-en: Name}
sections:
  - {id: all, title: {zh: 全部, en: All}, fields: [name]}
example: {as_of: "2025-01-01", answers: {name: 张三}}
tests:
  - {name: 名称必填, unset: [name], expect: {name: [FIELD_REQUIRED]}}
"""

FILES = {
    "rules/facts.yaml": _FACTS,
    "rules/aggregates.yaml": _AGGREGATES,
    "rules/approval.yaml": _APPROVAL,
    "rules/kinds/merchant_fee.yaml": _KIND,
    "rules/kinds/merchant_fee.schema.json": _KIND_SCHEMA,
    FEE: fee(version=1, rate="0.0038", start="2024-11-01"),
    FORM: FORM_TEXT,
}


def make(path: Path) -> str:
    """Make the repository at `path`; return its first commit."""
    return create_repository(path=path, files=FILES, author=WANG, at=T0)
