"""The history with which a demo world's rulebook begins: the share rule of Beijing in its three versions.

Version 1 gave the whole 40 % to the opener, version 2 split it 30 to 10, version 3, in the checkout, 24 to
16 with bonuses. Each was released before it came into force, as the product asks of its users.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from payments_core.calendar import SHANGHAI

SHARE_RULE = "rules/profit_share/ps.beijing.default.yaml"

_TEMPLATE = """\
# yaml-language-server: $schema=../kinds/profit_share.schema.json
# {comment}
kind: profit_share
id: ps.beijing.default
version: {version}
title: 北京默认分润
owner: 总部财务
effective: {{from: "{since}T00:00:00+08:00", to: null}}
scope: {{city: [BJ]}}
spec:
  basis: margin_fen
  eligible: "merchant.status == 'ACTIVE' && txn.type == 'PAY' && !txn.payer_is_broker"
  negative_margin: zero_for_broker
  rounding: {{method: cumulative, period: month, mode: HALF_UP, stream: [merchant, broker, role, version]}}
  shares:
{shares}
  when_no_maintainer: opener_takes_all
  reversal: {{use: original_version, post_in: open_period, max_days: 180}}
tests:
  - {{name: 正常商户, facts: {{merchant.status: ACTIVE, txn.type: PAY}}, expect: {{eligible: true}}}}
  - {{name: 经纪人自己付款不分润, facts: {{txn.payer_is_broker: true}}, expect: {{eligible: false}}}}
"""

FIRST = _TEMPLATE.format(
    comment="北京分润：毛利的 40 % 全归签约人，其余归平台。",
    version=1,
    since="2024-11-01",
    shares='    - {party: broker, role: opener, rate: "0.40", label: 签约人}',
)
SECOND = _TEMPLATE.format(
    comment="北京分润：毛利的 40 % 归经纪人（签约人 30 %，维护人 10 %），其余归平台。",
    version=2,
    since="2025-01-01",
    shares=(
        '    - {party: broker, role: opener, rate: "0.30", label: 签约人}\n'
        '    - {party: broker, role: maintainer, rate: "0.10", label: 维护人}'
    ),
)


def rulebook_history(files: Mapping[str, str]) -> list[tuple[Mapping[str, str], str, datetime]]:
    """Return (all files, message, instant) of each release in order; the last holds `files` as they are.

    `files` is path → text of the checkout's rules and forms.
    """
    return [
        ({**files, SHARE_RULE: FIRST}, "规则库建立：试运行费率与分润", _at(2024, 10, 28)),
        ({**files, SHARE_RULE: SECOND}, "北京分润第 2 版：区分签约人与维护人", _at(2024, 12, 27)),
        (dict(files), "北京分润第 3 版：24 %／16 %，高级别加成与门店提成", _at(2025, 2, 26)),
    ]


def _at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 18, 0, tzinfo=SHANGHAI)
