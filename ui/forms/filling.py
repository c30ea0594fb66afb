"""One form being filled in: the answers so far, what they show, which findings to speak of. No elements.

Until the first submission a finding is spoken of once its field was left; from then on all of them are, and
each goes away as soon as its answer is right. Answers of hidden fields are kept while the page lives, so
that changing one's mind twice loses nothing; they are never submitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine.forms import (
    Field,
    FieldFinding,
    Form,
    Section,
    kept_answers,
    required_fields,
    validate,
    visible_fields,
)

_LATER = frozenset({"FIELD_REQUIRED"})
"""Findings that are no mistake while the form is still being filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A section with the fields this answer shows, and how far it is: `filled` of `required` answers."""

    section: Section
    fields: tuple[Field, ...]
    required: int
    filled: int


@dataclass(slots=True, kw_only=True)
class Filling:
    """The state of one form on one page; `as_of` is the day its documents must still be valid on."""

    form: Form
    as_of: date
    answers: dict[str, object] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    is_submitted: bool = False

    def put(self, name: str, value: object) -> None:
        """Take an answer; a blank one is no answer."""
        cleaned = value.strip() if isinstance(value, str) else value
        if cleaned in (None, "", [], ()):
            self.answers.pop(name, None)
        else:
            self.answers[name] = cleaned

    def leave(self, name: str) -> None:
        """Note that the reader has left a field: its mistakes may be spoken of."""
        self.left.add(name)

    def shown(self) -> tuple[Shown, ...]:
        """Return the sections with at least one shown field, in order."""
        names, needed = visible_fields(self.form, self.answers), required_fields(self.form, self.answers)
        found = []
        for section in self.form.sections:
            mine = [name for name in section.fields if name in names]
            if mine:
                wanted = [name for name in mine if name in needed]
                found.append(
                    Shown(
                        section=section,
                        fields=tuple(self.form.fields[name] for name in mine),
                        required=len(wanted),
                        filled=sum(1 for name in wanted if name in self.answers),
                    )
                )
        return tuple(found)

    def required(self) -> frozenset[str]:
        """Return the shown fields that must be filled in."""
        return required_fields(self.form, self.answers)

    def findings(self) -> tuple[FieldFinding, ...]:
        """Return every finding, in the order of the form."""
        return validate(self.form, self._given(), as_of=self.as_of)

    def spoken(self) -> dict[str, FieldFinding]:
        """Return the findings to show now, the first of each field."""
        found: dict[str, FieldFinding] = {}
        for finding in self.findings():
            is_due = finding.field in self.left and finding.code not in _LATER
            if self.is_submitted or is_due:
                found.setdefault(finding.field, finding)
        return found

    def submit(self) -> dict[str, object] | None:
        """Return what is to be submitted, hidden answers dropped; None while anything is wrong."""
        self.is_submitted = True
        return None if self.findings() else kept_answers(self.form, self.answers)

    def _given(self) -> dict[str, object]:
        """A checkbox nobody touched is an answer too: no."""
        unticked: dict[str, object] = {
            name: False for name, one in self.form.fields.items() if one.type == "boolean"
        }
        return {**unticked, **self.answers}
