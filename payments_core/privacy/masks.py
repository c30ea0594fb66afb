"""What a person without the right to reveal sees of a personal value."""

from __future__ import annotations

PII_KINDS = ("phone", "id", "bank", "name")
"""Kinds of personal data a form field may declare with `x-pii`."""


def mask(value: str, *, kind: str) -> str:
    """Return `value` with its middle hidden, by kind; an unknown kind or a value too short shows nothing.

    phone 138****1234 · id 1101**********123X (first 4, last 4) · bank **** 1234 (last 4) · name 王*
    """
    if kind == "phone" and len(value) >= 11:
        return f"{value[:-8]}****{value[-4:]}"
    if kind == "id" and len(value) >= 15:
        return f"{value[:4]}{'*' * (len(value) - 8)}{value[-4:]}"
    if kind == "bank" and len(value) >= 8:
        return f"**** {value[-4:]}"
    if kind == "name" and len(value) >= 2:
        return value[0] + "*" * (len(value) - 1)
    return "*" * min(len(value), 8)
