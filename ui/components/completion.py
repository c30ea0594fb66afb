"""Completion and hover of a code editor: `static/editor.js` asks, the pure module answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from nicegui import ui
from nicegui.events import GenericEventArguments

from ui.editing.completing import Suggested
from ui.i18n import either

Complete = Callable[[Sequence[str], str], Suggested]
_TYPES = {"fact": "variable", "value": "enum", "field": "property", "row": "text", "word": "keyword"}


def attach(
    element: ui.codemirror, *, complete: Complete, cards: Mapping[str, Sequence[str]], label: str
) -> None:
    """Let `element` complete with `complete(lines above, begun line)` and tell of facts by their cards.

    `label` names its text field for those who hear it.
    """

    def asked(event: GenericEventArguments) -> None:
        above = (element.value or "").split("\n")[: int(event.args["line"]) - 1]
        found = complete(above, str(event.args["before"]))
        options = [
            {"label": one.text, "type": _TYPES[one.sort], "detail": either(one.zh, one.en)}
            for one in found.completions
        ]
        answer = json.dumps({"back": found.back, "options": options}, ensure_ascii=False)
        element.client.run_javascript(f"haodianEditor.answer({int(event.args['number'])}, {answer})")

    element.on("complete", asked, args=["number", "line", "before"])
    told, name = json.dumps(dict(cards), ensure_ascii=False), json.dumps(label, ensure_ascii=False)
    element.client.run_javascript(f"haodianEditor.attach({element.id}, {told}, {name})")
