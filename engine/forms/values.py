"""What can be told of a number by itself: the checks a field names with `x-check`.

Worked example, a unified social credit code (GB 32100-2015): each of the first 17 characters has the value of
its place in the alphabet below, weighted by 3^place mod 31; the 18th makes the sum a multiple of 31.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

_USCI_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z, which are read as digits
_CN_ID = re.compile(r"[1-9][0-9]{16}[0-9X]\Z")
_CN_ID_CHECK = "10X98765432"
_CN_REGIONS = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_CARD = re.compile(r"[0-9]{12,19}\Z")
_PHONE = re.compile(r"1[3-9][0-9]{9}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCheck:
    """A named check: the test, and what a person is told where it fails."""

    holds: Callable[[str], bool]
    code: str
    message: str
    message_en: str


def is_usci(text: str) -> bool:
    """Tell whether `text` is a 统一社会信用代码 with a right check character (GB 32100-2015)."""
    if len(text) != 18 or any(character not in _USCI_ALPHABET for character in text):
        return False
    values = [_USCI_ALPHABET.index(character) for character in text]
    weighted = sum(value * pow(3, place, 31) for place, value in enumerate(values[:17]))
    return (weighted + values[17]) % 31 == 0


def is_cn_id(text: str) -> bool:
    """Tell whether `text` is an ID number of 18: province, birth date, check digit (GB 11643-1999)."""
    if not _CN_ID.match(text) or not _CN_REGIONS.match(text) or not _is_date(text[6:14]):
        return False
    weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return _CN_ID_CHECK[weighted % 11] == text[17]


def is_luhn(text: str) -> bool:
    """Tell whether `text` is 12 to 19 digits whose last is the Luhn check digit (ISO/IEC 7812-1)."""
    if not _CARD.match(text):
        return False
    digits = [int(digit) for digit in reversed(text)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_phone(text: str) -> bool:
    """Tell whether `text` is a mobile number of mainland China, digits only."""
    return _PHONE.match(text) is not None


VALUE_CHECKS: Mapping[str, ValueCheck] = MappingProxyType(
    {
        "usci": ValueCheck(
            holds=is_usci,
            code="USCI_INVALID",
            message="统一社会信用代码的校验位不对，请对照营业执照核对 18 位",
            message_en="the check character of the social credit code is wrong; compare all 18",
        ),
        "cn_id": ValueCheck(
            holds=is_cn_id,
            code="CN_ID_INVALID",
            message="身份证号不对：请核对 18 位（末位可为大写 X）",
            message_en="not a valid ID number; compare all 18 characters (the last may be a capital X)",
        ),
        "luhn": ValueCheck(
            holds=is_luhn,
            code="CARD_INVALID",
            message="卡号的校验位不对，请对照银行卡核对",
            message_en="the card number's check digit is wrong; compare it with the card",
        ),
        "phone": ValueCheck(
            holds=is_phone,
            code="PHONE_INVALID",
            message="请填写 11 位手机号",
            message_en="give a mobile number of 11 digits",
        ),
    }
)


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
