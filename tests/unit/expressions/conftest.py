"""A small vocabulary with a fact of every type and unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from engine.diagnostics import Diagnostic, Location
from engine.expressions import Condition, Fact, FactType, Value, Vocabulary, compile_condition


def fact(
    name: str,
    fact_type: FactType,
    default: Value,
    title: str,
    title_en: str,
    *,
    unit: str = "",
    values: str = "",
) -> Fact:
    return Fact(
        name=name,
        type=fact_type,
        unit=unit,
        default=default,
        values=tuple(values.split()),
        title=title,
        title_en=title_en,
    )


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    channels = "WECHAT ALIPAY UNIONPAY_QR BANKCARD"
    return Vocabulary.of(
        facts=(
            fact("txn.amount_fen", FactType.INT, 0, "付款金额", "amount", unit="fen"),
            fact("txn.fee_fen", FactType.INT, 0, "手续费", "fee", unit="fen"),
            fact("txn.channel", FactType.STRING, "WECHAT", "渠道", "channel", values=channels),
            fact("txn.bank_code", FactType.STRING, "", "银行", "bank"),
            fact("txn.hour_cst", FactType.INT, 12, "时段", "hour"),
            fact("txn.is_first_payer", FactType.BOOL, False, "首次付款", "first payment"),
            fact("txn.paid_at", FactType.TIMESTAMP, datetime(2025, 4, 1, tzinfo=UTC), "付款时间", "paid at"),
            fact("merchant.tags", FactType.LIST_STRING, (), "商户标签", "merchant tags", values="NEW VIP"),
            fact("merchant.ad_filters", FactType.LIST_STRING, (), "广告屏蔽", "ad filters"),
            fact("merchant.credit_ppm", FactType.INT, 0, "贷记占比", "credit share", unit="ppm"),
            fact("device.offline_s", FactType.INT, 0, "离线", "offline", unit="s"),
            fact("device.distance_m", FactType.INT, -1, "位移", "distance", unit="m"),
        )
    )


@pytest.fixture
def compiled(vocabulary: Vocabulary) -> Callable[[str], Condition]:
    """Compile a text that must be accepted."""

    def compile_accepted(source: str) -> Condition:
        condition, found = compile_condition(
            source=source, vocabulary=vocabulary, location=Location(file="r.yaml", line=1, column=1)
        )
        assert condition is not None, "\n".join(one.render(source) for one in found)
        assert not found
        return condition

    return compile_accepted


@pytest.fixture
def findings(vocabulary: Vocabulary) -> Callable[[str], tuple[Diagnostic, ...]]:
    """Compile a text that must be refused; it begins at line 7, column 11 of its file."""

    def compile_refused(source: str) -> tuple[Diagnostic, ...]:
        condition, found = compile_condition(
            source=source,
            vocabulary=vocabulary,
            location=Location(file="rules/risk/r.yaml", line=7, column=11),
        )
        assert condition is None
        return found

    return compile_refused
