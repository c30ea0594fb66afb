"""What a refusal is called, and what is claimed, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.releases import DraftMissing
from engine.rulebook.prove.wording import CLAIMS
from payments_core.rulebooks import ReasonMissing
from ui.components import words
from ui.i18n import catalogue, use_language


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


@pytest.mark.parametrize(
    ("refusal", "chinese", "english"),
    [
        (
            ReasonMissing(),
            "这一步须写明原因 REASON_MISSING",
            "This step needs a reason in words. REASON_MISSING",
        ),
        (DraftMissing("no draft 'd'"), "没有这份草稿 DRAFT_MISSING", "no draft 'd' DRAFT_MISSING"),
    ],
)
def test_a_refusal_speaks_the_readers_language(refusal: Exception, chinese: str, english: str) -> None:
    assert words.refused(refusal) == chinese
    use_language("en")
    assert words.refused(refusal) == english


def test_every_claim_has_a_short_title_and_no_title_is_left_over() -> None:
    titled = {key.removeprefix("claim.") for key in catalogue() if key.startswith("claim.")}
    assert titled == set(CLAIMS)
