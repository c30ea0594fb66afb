"""Masks show what the rules of the house allow, and never the whole of a short value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_core.privacy import PII_KINDS, mask


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13812341234", "138****1234"),
        ("phone", "1234", "****"),
        ("id", "110105194912310021", "1101**********0021"),
        ("id", "11010519491231002X", "1101**********002X"),
        ("id", "1101", "****"),
        ("bank", "6222021234567890128", "**** 0128"),
        ("bank", "1234567", "*******"),
        ("name", "王磊", "王*"),
        ("name", "欧阳修", "欧**"),
        ("name", "王", "*"),
        ("unheard_of", "secret", "******"),
        ("phone", "", ""),
    ],
)
def test_mask(kind: str, value: str, shown: str) -> None:
    assert mask(value, kind=kind) == shown


@given(st.sampled_from(PII_KINDS), st.text(alphabet="0123456789X", min_size=1, max_size=30))
def test_a_mask_always_hides_something(kind: str, value: str) -> None:
    assert mask(value, kind=kind).count("*") >= 1
    assert mask(value, kind=kind) != value
