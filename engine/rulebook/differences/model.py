"""One line of what differs, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics import Language
from engine.rulebook.documents import Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def say(self, *, language: Language) -> str:
        """Return the text in one of them."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that differs: what it is called, and from what to what (None: it is not there).

    `pointer` leads to it in the new file, in the old one where it is gone. A row that is added or gone is one
    difference; a row that only moved is one about its place.
    """

    pointer: Pointer
    old_line: int | None
    new_line: int | None
    what: Words
    old: Words | None
    new: Words | None

    def words(self, *, language: Language) -> str:
        """Return the line that people read: `费率：0.38 % → 0.60 %`."""
        zh, what = language == "zh", self.what.say(language=language)
        if self.old is not None and self.new is not None:
            colon = "：" if zh else ": "
            return f"{what}{colon}{self.old.say(language=language)} → {self.new.say(language=language)}"
        if self.new is not None:
            return f"新增 {what}：{self.new.zh}" if zh else f"added {what}: {self.new.en}"
        gone = self.old or Words(zh="", en="")
        return f"删除 {what}：{gone.zh}" if zh else f"removed {what}: {gone.en}"
