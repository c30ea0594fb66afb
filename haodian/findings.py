"""What was found, written for people, for programs, for code scanners (SARIF 2.1.0) and for GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from engine.diagnostics import Diagnostic, Severity
from haodian.checking import Checked

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Format(StrEnum):
    """How findings are written."""

    HUMAN = "human"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def written(checked: Checked, form: Format) -> str:
    """Return what was found in the form asked for."""
    return _WRITERS[form](checked)


def as_json(checked: Checked) -> str:
    """Return what was found for a machine to read."""
    findings = [
        {
            "code": f.code,
            "severity": f.severity.value,
            "file": f.location.file,
            "line": f.location.line,
            "column": f.location.column,
            "length": f.length,
            "message": f.message,
            "message_en": f.message_en,
            "hint": f.hint,
            "hint_en": f.hint_en,
        }
        for f in checked.findings
    ]
    content = {
        "files": len(checked.files),
        "errors": checked.count(Severity.ERROR),
        "warnings": checked.count(Severity.WARNING),
        "findings": findings,
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def as_text(checked: Checked) -> str:
    """Return what was found as a compiler shows it, and a closing line."""
    shown = [finding.render(checked.files.get(finding.location.file)) for finding in checked.findings]
    errors, warnings = checked.count(Severity.ERROR), checked.count(Severity.WARNING)
    closing = (
        f"{len(checked.files)} 个文件：{errors} 个错误，{warnings} 个警告"
        f" · {len(checked.files)} files: {errors} errors, {warnings} warnings"
    )
    return "\n\n".join([*shown, closing])


def as_sarif(checked: Checked) -> str:
    """Return what was found as a SARIF log; columns count code points, as ours do."""
    codes = sorted({finding.code for finding in checked.findings})
    driver = {"name": "haodian", "version": version("haodian"), "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding) for finding in checked.findings],
    }
    log = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2)


def as_github(checked: Checked) -> str:
    """Return one workflow command a finding, which GitHub shows beside the line."""
    return "\n".join(_annotation(finding) for finding in checked.findings)


def _result(finding: Diagnostic) -> Mapping[str, Any]:
    place = finding.location
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + finding.length,
    }
    where = {"artifactLocation": {"uri": place.file}, "region": region}
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(_texts(finding))},
        "locations": [{"physicalLocation": where}],
    }


def _annotation(finding: Diagnostic) -> str:
    place = finding.location
    level = {"note": "notice"}.get(_LEVELS[finding.severity], _LEVELS[finding.severity])
    values = {
        "file": place.file,
        "line": place.line,
        "col": place.column,
        "endColumn": place.column + finding.length,
        "title": finding.code,
    }
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in values.items())
    return f"::{level} {properties}::{_data(chr(10).join(_texts(finding)))}"


def _texts(finding: Diagnostic) -> list[str]:
    every = (finding.message, finding.hint, finding.message_en, finding.hint_en)
    return [text for text in every if text]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_WRITERS: Mapping[Format, Callable[[Checked], str]] = {
    Format.HUMAN: as_text,
    Format.JSON: as_json,
    Format.SARIF: as_sarif,
    Format.GITHUB: as_github,
}
