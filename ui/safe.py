"""The only gate through which data reaches a grid, a chart, a table's columns or a link.

NiceGUI evaluates every dictionary key that begins with `:` as JavaScript in the browser, row data of a
grid included. A rule file or a spreadsheet with such a key would run code in the reader's session, so
such a key is refused here, at any depth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar
from urllib.parse import urlsplit

from payments_core.errors import Invalid

T = TypeVar("T")


class UnsafeKey(Invalid):
    """A key that begins with a colon would run as code in the browser."""

    code: ClassVar[str] = "UNSAFE_KEY"


def clean(value: T) -> T:
    """Return `value` unchanged after looking at every key in it. Raises UnsafeKey."""
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            for key in item:
                if not isinstance(key, str) or key.lstrip().startswith(":"):
                    raise UnsafeKey(f"key {key!r} cannot be shown", key=str(key))
            stack.extend(item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)
    return value


def is_own_path(address: str) -> bool:
    """Tell whether `address` is a path of this console: nothing with a host, a scheme or a backslash."""
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and all(ord(character) >= 32 for character in address)


def safe_url(address: str) -> str:
    """Return `address` where it is an own path or a fragment, else `#`: never `javascript:`, never a host."""
    return address if is_own_path(address) or address.startswith(("#", "?")) else "#"
