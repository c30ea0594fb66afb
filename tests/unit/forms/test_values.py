"""The checks a number carries in itself: known good ones pass, and one changed character does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.forms import VALUE_CHECKS, is_cn_id, is_luhn, is_phone, is_usci

USCI_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("92110105MA01K7QP3D", True),
        ("91110108MA02W8RT5A", True),
        ("91350100M000100Y43", True),  # the standard's own example
        ("92110105MA01K7QP3X", False),  # check character
        ("92110105MA01K7QP3", False),  # 17
        ("92110105MA01K7QP3D0", False),  # 19
        ("92110105ma01k7qp3d", False),  # lower case
        ("92110105MA01K7QPID", False),  # I is not in the alphabet
        ("９２110105MA01K7QP3D", False),  # full-width digits
        ("92110105MA01K7QP3D\n", False),
        ("", False),
    ],
)
def test_usci(text: str, holds: bool) -> None:
    assert is_usci(text) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("110105198304121012", True),
        ("11010519491231002X", True),  # the standard's own example
        ("440524188001010014", True),  # the standard's other one
        ("110105200002291010", False),  # 29 February 2000 exists, the check digit is another
        ("110105198302291012", False),  # 29 February 1983 does not exist
        ("110105198313121012", False),  # month 13
        ("110105198304121013", False),  # check digit
        ("160105198304121012", False),  # no province 16
        ("010105198304121012", False),
        ("11010519491231002x", False),  # lower case
        ("110105830412101", False),  # the 15 digits of before 1999
        ("11010519830412101２", False),
        ("", False),
    ],
)
def test_cn_id(text: str, holds: bool) -> None:
    assert is_cn_id(text) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("6222020000111122222", True),
        ("6217000012345678907", True),
        ("4111111111111111", True),  # the test card everybody knows
        ("4111111111111112", False),
        ("4111 1111 1111 1111", False),  # digits only
        ("00000000000", False),  # 11 digits
        ("000000000000", True),  # 12 digits; the sum is 0
        ("0" * 20, False),
        ("", False),
    ],
)
def test_luhn(text: str, holds: bool) -> None:
    assert is_luhn(text) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("13800001234", True),
        ("19912345678", True),
        ("12800001234", False),
        ("1380000123", False),
        ("138000012345", False),
        ("+8613800001234", False),
        ("138 0000 1234", False),
        ("13800001234\n", False),
        ("", False),
    ],
)
def test_phone(text: str, holds: bool) -> None:
    assert is_phone(text) is holds


@given(st.integers(0, 16), st.sampled_from(USCI_ALPHABET))
def test_a_usci_with_one_wrong_character_never_passes(place: int, other: str) -> None:
    right = "92110105MA01K7QP3D"
    wrong = right[:place] + other + right[place + 1 :]
    assert is_usci(wrong) is (wrong == right)


@given(st.integers(0, 18), st.sampled_from("0123456789"))
def test_a_card_number_with_one_wrong_digit_never_passes(place: int, other: str) -> None:
    right = "6222020000111122222"
    wrong = right[:place] + other + right[place + 1 :]
    assert is_luhn(wrong) is (wrong == right)


@given(st.text(max_size=25))
def test_no_text_makes_a_check_fail_with_an_error(text: str) -> None:
    for check in VALUE_CHECKS.values():
        assert check.holds(text) in (True, False)
