"""A form file → Form, or everything that is wrong with it, each finding with its line and column.

The rules of the loader are the rulebook's (strict YAML 1.2, no repeated keys, no floats). What JSON Schema
alone cannot see follows: fields laid out once each, labels for every option, conditions over typed
`form.*` facts that read only what was asked before, an example that passes, tests that hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.diagnostics import Diagnostic, Severity
from engine.expressions import Condition, Fact, FactType, Value, Vocabulary, compile_condition
from engine.forms import own_schema
from engine.forms.file_tests import run_tests
from engine.forms.model import CrossCheck, Field, Form, Option, Section
from engine.forms.wording import lint
from engine.rulebook.documents import Document, Pointer, load
from engine.rulebook.schemas import SchemaFile, nearest

NAMESPACE = "form"
_PROPERTIES: Pointer = ("schema", "properties")
_FACTS: Mapping[str, tuple[FactType, Value]] = {
    "string": (FactType.STRING, ""),
    "integer": (FactType.INT, 0),
    "boolean": (FactType.BOOL, False),
    "array": (FactType.LIST_STRING, ()),
}
_ONLY_FOR: Mapping[str, frozenset[str]] = {
    "string": frozenset(
        {"enum", "pattern", "format", "minLength", "maxLength", "x-check", "x-pii", "x-unique", "x-expires"}
    ),
    "integer": frozenset({"minimum", "maximum"}),
    "boolean": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems"}),
}
_FOR_ALL = frozenset({"type", "title", "x-title-en", "description", "x-hint", "x-options", "x-widget"})


def load_form(*, path: str, text: str) -> tuple[Form | None, tuple[Diagnostic, ...]]:
    """Return the form at `path`, None if there is any error, and every finding."""
    document, findings = load(path=path, text=text)
    if document is None or _has_error(findings):
        return None, findings
    written = SchemaFile(path="engine/forms/own_schema.py", schema=own_schema.FORM, siblings={})
    findings += written.check(document)
    if _has_error(findings):
        return None, findings
    findings += (*_path_findings(document), *_property_findings(document), *_layout_findings(document))
    if _has_error(findings):
        return None, findings
    form, wrong = _Reader(document).form()
    findings += wrong
    if form is None or _has_error(findings):
        return None, findings
    findings += tuple(run_tests(form, document))
    return (None if _has_error(findings) else form), findings


def _has_error(findings: Sequence[Diagnostic]) -> bool:
    return any(finding.severity == Severity.ERROR for finding in findings)


def _path_findings(document: Document) -> Iterator[Diagnostic]:
    expected = f"forms/{document.value['id']}.yaml"
    if document.path != expected:
        yield lint("FORM_PATH_MISMATCH", document.location(("id",)), expected=expected)


def _property_findings(document: Document) -> Iterator[Diagnostic]:
    properties: Mapping[str, Any] = document.value["schema"]["properties"]
    for name, written in properties.items():
        at = (*_PROPERTIES, name)
        for keyword in written:
            if keyword not in _ONLY_FOR[written["type"]] | _FOR_ALL:
                detail = f"type: {written['type']}"
                yield lint(
                    "FORM_SCHEMA_INVALID",
                    document.key_location((*at, keyword)),
                    length=len(keyword),
                    field=name,
                    keyword=keyword,
                    detail=detail,
                )
        yield from _keyword_findings(document, name, written)
        yield from _label_findings(document, name, written)


def _keyword_findings(document: Document, name: str, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    at = (*_PROPERTIES, name)
    problems: list[tuple[str, str]] = []
    if "pattern" in written:
        try:
            re.compile(written["pattern"])
        except re.error as error:
            problems.append(("pattern", str(error)))
    if written["type"] == "array" and "items" not in written:
        problems.append(("type", "items: {type: string, enum: […]}"))
    if written.get("x-expires") and "format" not in written:
        problems.append(("x-expires", "format: date"))
    for low, high in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
        if low in written and high in written and written[low] > written[high]:
            problems.append((low, f"{written[low]} > {written[high]}"))
    for keyword, detail in problems:
        yield lint(
            "FORM_SCHEMA_INVALID",
            document.location((*at, keyword)),
            field=name,
            keyword=keyword,
            detail=detail,
        )


def _label_findings(document: Document, name: str, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    values = set(written.get("enum") or written.get("items", {}).get("enum", ()))
    labelled = set(written.get("x-options", {}))
    if values == labelled:
        return
    lacking = [f"+{value}" for value in sorted(values - labelled)]
    unknown = [f"−{value}" for value in sorted(labelled - values)]
    at = (*_PROPERTIES, name)
    place = document.key_location((*at, "x-options") if "x-options" in written else at)
    yield lint("FORM_OPTION_LABELS", place, field=name, detail=" ".join(lacking + unknown))


def _layout_findings(document: Document) -> Iterator[Diagnostic]:
    properties: Mapping[str, Any] = document.value["schema"]["properties"]
    laid_out: set[str] = set()
    for pointer, name in _named_fields(document):
        if name not in properties:
            yield _unknown(document, pointer, name, properties)
        elif pointer[0] == "sections" and name in laid_out:
            yield lint("FORM_FIELD_TWICE", document.location(pointer), length=len(name), field=name)
        elif pointer[0] == "sections":
            laid_out.add(name)
    for name in properties:
        if name not in laid_out:
            place = document.key_location((*_PROPERTIES, name))
            yield lint("FORM_FIELD_NOT_LAID_OUT", place, length=len(name), field=name)


def _named_fields(document: Document) -> Iterator[tuple[Pointer, str]]:
    """Yield every place of the file that names a field, apart from the tests, with the name."""
    value: Mapping[str, Any] = document.value
    for number, name in enumerate(value["schema"]["required"]):
        yield ("schema", "required", number), name
    for index, section in enumerate(value["sections"]):
        for number, entry in enumerate(section["fields"]):
            at: Pointer = ("sections", index, "fields", number)
            yield (at, entry) if isinstance(entry, str) else ((*at, "field"), entry["field"])
    for index, check in enumerate(value.get("checks", ())):
        yield ("checks", index, "field"), check["field"]


def _unknown(document: Document, pointer: Pointer, name: str, properties: Mapping[str, Any]) -> Diagnostic:
    close = nearest(name, properties)
    found = lint("FORM_FIELD_UNKNOWN", document.location(pointer), length=len(name), field=name)
    if close is None:
        return found
    return Diagnostic(
        code=found.code,
        severity=found.severity,
        location=found.location,
        message=found.message,
        hint=f"是否想写 {close}？",
        length=found.length,
        message_en=found.message_en,
        hint_en=f"did you mean {close}?",
    )


class _Reader:
    """Builds the form of a document whose structure has no findings; conditions may still have some."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.value: Mapping[str, Any] = document.value
        self.properties: Mapping[str, Mapping[str, Any]] = self.value["schema"]["properties"]
        self.vocabulary = Vocabulary.of(facts=[_fact(name, p) for name, p in self.properties.items()])
        self.findings: list[Diagnostic] = []
        self.asked: set[str] = set()

    def form(self) -> tuple[Form | None, tuple[Diagnostic, ...]]:
        fields: dict[str, Field] = {}
        sections = tuple(self._section(index, fields) for index in range(len(self.value["sections"])))
        checks = tuple(filter(None, map(self._check, range(len(self.value.get("checks", ()))))))
        if self.findings:
            return None, tuple(self.findings)
        form = Form(
            id=self.value["id"],
            version=self.value["version"],
            title=self.value["title"]["zh"],
            title_en=self.value["title"]["en"],
            schema=self.value["schema"],
            sections=sections,
            fields=fields,
            checks=checks,
            pii={name: field.pii for name, field in fields.items() if field.pii},
            file=self.document.path,
            text=self.document.text,
        )
        return form, ()

    def _section(self, index: int, fields: dict[str, Field]) -> Section:
        written = self.value["sections"][index]
        at: Pointer = ("sections", index)
        when = self._condition((*at, "when"), written.get("when"), owner=written["id"])
        names = []
        for number, entry in enumerate(written["fields"]):
            named = {"field": entry} if isinstance(entry, str) else entry
            name = named["field"]
            place = (*at, "fields", number)
            shown = self._condition((*place, "when"), named.get("when"), owner=name)
            asked = self._condition(
                (*place, "required_when"), named.get("required_when"), owner=name, any_order=True
            )
            fields[name] = self._field(name, written["id"], shown, asked)
            self.asked.add(f"{NAMESPACE}.{name}")
            names.append(name)
        title = written["title"]
        return Section(
            id=written["id"], title=title["zh"], title_en=title["en"], when=when, fields=tuple(names)
        )

    def _field(
        self, name: str, section: str, when: Condition | None, required_when: Condition | None
    ) -> Field:
        written = self.properties[name]
        hint = written.get("x-hint", {})
        labels = written.get("x-options", {})
        values = written.get("enum") or written.get("items", {}).get("enum", ())
        return Field(
            name=name,
            title=written["title"],
            title_en=written["x-title-en"],
            hint=hint.get("zh", ""),
            hint_en=hint.get("en", ""),
            type=written["type"],
            schema={key: item for key, item in written.items() if not key.startswith("x-")},
            section=section,
            when=when,
            required=name in self.value["schema"]["required"],
            required_when=required_when,
            options=tuple(Option(value=v, title=labels[v]["zh"], title_en=labels[v]["en"]) for v in values),
            check=written.get("x-check", ""),
            pii=written.get("x-pii", ""),
            unique=written.get("x-unique", False),
            expires=written.get("x-expires", False),
            widget=written.get("x-widget", _widget(written)),
        )

    def _check(self, index: int) -> CrossCheck | None:
        written = self.value["checks"][index]
        when = self._condition(
            ("checks", index, "when"), written["when"], owner=written["field"], any_order=True
        )
        if when is None:
            return None
        return CrossCheck(
            when=when,
            field=written["field"],
            code=written["code"],
            message=written["message"]["zh"],
            message_en=written["message"]["en"],
        )

    def _condition(
        self, pointer: Pointer, source: str | None, *, owner: str, any_order: bool = False
    ) -> Condition | None:
        """Compile a condition; unless `any_order`, it may read only fields asked before it."""
        if source is None:
            return None
        place = self.document.text_location(pointer)
        condition, wrong = compile_condition(source=source, vocabulary=self.vocabulary, location=place)
        self.findings += wrong
        if condition is None:
            return None
        for read in sorted(condition.reads - self.asked) if not any_order else ():
            at = place.moved_to(text=source, offset=max(source.find(read), 0))
            short = read.removeprefix(f"{NAMESPACE}.")
            self.findings.append(lint("FORM_WHEN_FORWARD", at, length=len(read), field=owner, read=short))
        return condition


def _fact(name: str, written: Mapping[str, Any]) -> Fact:
    fact_type, blank = _FACTS[written["type"]]
    return Fact(
        name=f"{NAMESPACE}.{name}",
        type=fact_type,
        default=blank,
        values=tuple(written.get("enum") or written.get("items", {}).get("enum", ())),
        title=written["title"],
        title_en=written["x-title-en"],
    )


def _widget(written: Mapping[str, Any]) -> str:
    if written["type"] == "boolean":
        return "toggle"
    if written["type"] == "array":
        return "checkboxes"
    if written.get("format") == "date":
        return "date"
    if "enum" in written:
        return "select" if len(written["enum"]) > 4 else "radio"
    return "text"
