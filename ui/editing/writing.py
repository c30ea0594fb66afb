"""How a value is written: plain where that is safe, quoted as its neighbour was, collections on one line."""

from __future__ import annotations

import re

from ui.editing.layout import Plain, plain_value

_SAFE = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff .%/+-]*(?<![ ])\Z")
# Words other readers of YAML take for something else; they cost two quotes.
_WORDS = frozenset({"on", "off", "yes", "no", "y", "n"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(value: Plain, *, like: str = "") -> str:
    """Return `value` on one line; `like` is the quote that stood there before."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value, like)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def as_block(value: str, *, indent: int) -> str | None:
    """Return text as a literal block behind its key, None where only quotes can hold it."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    if not body.strip() or body[0] == " " or body.endswith("\n") or not _printable(body.replace("\n", "")):
        return None
    if any(line.strip() == "" and line for line in lines):
        return None
    mark = "|" if value.endswith("\n") else "|-"
    return "\n".join([mark, *(f"{' ' * indent}{line}" if line else "" for line in lines)])


def _text(value: str, like: str) -> str:
    if like != '"' and like != "'" and _is_safe(value):
        return value
    if like == "'" and _printable(value):
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_escaped(one) for one in value) + '"'


def _is_safe(value: str) -> bool:
    return (
        bool(_SAFE.match(value))
        and plain_value(value) == value
        and value.lower() not in _WORDS
        and len(value) < 200
    )


def _escaped(one: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    if _printable(one):
        return one
    code = ord(one)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _printable(value: str) -> bool:
    return all(one == " " or (one.isprintable() and one != "\ufeff") for one in value)
