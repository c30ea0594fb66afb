"""Characters that deceive the eye: invisible ones, and letters of other scripts that look like Latin ones.

A `city` whose first letter is Cyrillic reads as `city` and is another name. A word of Latin letters and
such ones is never meant; what a person only reads (a title, a label) may hold any letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# What joins and varies emoji is seen there, and deceives only behind plain letters.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]|(?<=[\x00-\x7f])[\u200d\ufe00-\ufe0f]"
)
# Greek and Coptic, Cyrillic, Armenian, Cherokee, letters of other alphabets in Latin shape, fullwidth forms.
_FOREIGN = (
    "\u0370-\u03ff\u0400-\u052f\u0531-\u0556\u0561-\u0586\u13a0-\u13fd\u1c80-\u1c8a\u1d00-\u1d2b\u2c80-\u2cff"
    "\ua4d0-\ua4fd\uab30-\uab64\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\U0001d400-\U0001d7ff"
)
_WORD = re.compile(f"[A-Za-z0-9_{_FOREIGN}]+")
_ONE_FOREIGN = re.compile(f"[{_FOREIGN}]")
_LATIN = re.compile("[A-Za-z]")
# Cyrillic capitals and small letters, then Greek ones.
_TWINS = dict(
    zip(
        "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
        "\u0430\u0432\u0435\u0455\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445"
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
        "\u03bf\u03bd\u03c1\u03c5\u03c7",
        "ABESIJKMHOPCTYXabesijkmhopctyxABEZHIKMNOPTYXovpux",
        strict=True,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deceptive:
    """One character at an offset of a text: its code and name, and the letter it is taken for, "" if none."""

    offset: int
    character: str
    name: str
    twin: str


def invisible(text: str) -> Iterator[Deceptive]:
    """Yield every character of the text that is not seen or that turns the direction of what follows."""
    for match in _INVISIBLE.finditer(text):
        yield _deceptive(match)


def foreign_letter(text: str, *, is_name: bool) -> Deceptive | None:
    """Return the first look-alike in a word with Latin letters; in a name, in any word."""
    for word in _WORD.finditer(text):
        found = _ONE_FOREIGN.search(text, word.start(), word.end())
        if found and (is_name or _LATIN.search(word.group())):
            return _deceptive(found)
    return None


def named(character: str) -> str:
    """Return a character's code and name: `U+0430 CYRILLIC SMALL LETTER A`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _deceptive(match: re.Match[str]) -> Deceptive:
    character = match.group()
    folded = unicodedata.normalize("NFKC", character)
    twin = _TWINS.get(character, folded if folded.isascii() else "")
    return Deceptive(offset=match.start(), character=character, name=named(character), twin=twin)
