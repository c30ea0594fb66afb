"""Conditions as people read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.expressions import Condition, Value, format_value

Compiled = Callable[[str], Condition]

SAID = [
    ("txn.amount_fen >= 5000", "付款金额 ≥ ¥50.00", "amount ≥ ¥50.00"),
    ("123456 < txn.amount_fen", "¥1,234.56 < 付款金额", "¥1,234.56 < amount"),
    ("txn.amount_fen > -5", "付款金额 > −¥0.05", "amount > −¥0.05"),
    ("merchant.credit_ppm >= 3800", "贷记占比 ≥ 0.38 %", "credit share ≥ 0.38 %"),
    ("merchant.credit_ppm == 1000000", "贷记占比 = 100 %", "credit share = 100 %"),
    ("device.offline_s >= 86400", "离线 ≥ 1 天", "offline ≥ 1 d"),
    ("device.offline_s != 5400", "离线 ≠ 90 分钟", "offline ≠ 90 min"),  # 5 400 s is no whole hour
    ("device.distance_m > 2000", "位移 > 2,000 米", "distance > 2,000 m"),
    ("txn.is_first_payer", "首次付款：是", "first payment: yes"),
    ("!txn.is_first_payer", "首次付款：不是", "first payment: no"),
    ("txn.channel == 'WECHAT'", "渠道 是 WECHAT", "channel is WECHAT"),
    ("txn.channel != 'WECHAT'", "渠道 不是 WECHAT", "channel is not WECHAT"),
    ("!(txn.channel == 'WECHAT')", "渠道 不是 WECHAT", "channel is not WECHAT"),
    ("txn.bank_code == 'BOB'", "银行 是 「BOB」", "bank is “BOB”"),
    ("txn.channel in ['WECHAT', 'ALIPAY']", "渠道 属于 WECHAT、ALIPAY", "channel is one of (WECHAT, ALIPAY)"),
    ("txn.hour_cst in [0, 1]", "时段 属于 0、1", "hour is one of (0, 1)"),
    ("!('VIP' in merchant.tags)", "商户标签 不含 VIP", "merchant tags do not include VIP"),
    ("txn.bank_code.startsWith('B')", "银行 以 「B」 开头", "bank begins with “B”"),
    ("size(merchant.tags) > 1", "商户标签 的个数 > 1", "number of merchant tags > 1"),
    ("size(txn.bank_code) > 1", "银行 的字数 > 1", "length of bank > 1"),
    (
        "merchant.tags.exists(t, t == 'VIP')",
        "商户标签 中有一项满足（该项 是 「VIP」）",
        "some of merchant tags meets (it is “VIP”)",
    ),
    ("txn.amount_fen * 2 + 100 > 500", "（付款金额 × 2） + ¥1.00 > ¥5.00", "(amount × 2) + ¥1.00 > ¥5.00"),
    (
        "txn.is_first_payer && (txn.amount_fen > 1 || txn.hour_cst < 6)",
        "首次付款：是 且 （付款金额 > ¥0.01 或 时段 < 6）",
        "first payment: yes and (amount > ¥0.01 or hour < 6)",
    ),
    (
        "!(txn.is_first_payer && txn.hour_cst < 6)",
        "不满足（首次付款：是 且 时段 < 6）",
        "not (first payment: yes and hour < 6)",
    ),
    (
        "txn.is_first_payer ? txn.hour_cst < 6 : true",
        "若 首次付款：是 则 时段 < 6，否则 总是",
        "if first payment: yes then hour < 6, else always",
    ),
    (
        "txn.paid_at >= timestamp('2025-04-01T00:00:00+08:00')",
        "付款时间 ≥ 2025-04-01 00:00:00+08:00",
        "paid at ≥ 2025-04-01 00:00:00+08:00",
    ),
    ("true", "总是", "always"),
]


@pytest.mark.parametrize(("source", "zh", "en"), SAID, ids=[source for source, _, _ in SAID])
def test_said_in_both_languages(compiled: Compiled, source: str, zh: str, en: str) -> None:
    condition = compiled(source)
    assert (condition.words(language="zh"), condition.words(language="en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "unit", "zh"),
    [
        (5000, "fen", "¥50.00"),
        (-123456789, "fen", "−¥1,234,567.89"),
        (3800, "ppm", "0.38 %"),
        (1, "ppm", "0.0001 %"),
        (0, "s", "0 秒"),
        (7200, "s", "2 小时"),
        (12345, "cnt", "12,345"),
        (True, "", "是"),
        (("A", "B"), "", "A、B"),
        ("", "", "「」"),
    ],
)
def test_values_appear_in_their_unit(value: Value, unit: str, zh: str) -> None:
    assert format_value(value=value, unit=unit, language="zh") == zh
