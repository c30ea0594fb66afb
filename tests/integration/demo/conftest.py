"""A database with the product's rules released, as the first start leaves it before the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.releases import Author, create_repository
from haodian.checking import read_folder
from haodian.demo.rule_history import rulebook_history
from haodian.settings import CHECKOUT
from payments_core import rulebooks
from payments_core.database import transaction
from payments_core.fees import EVALUATORS
from payments_core.privacy import Sealer, create_key_file, read_sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What load_world asks for."""

    engine: Engine
    rulebooks: rulebooks.ActiveRulebook
    sealer: Sealer


@pytest.fixture
def installation(engine: Engine, tmp_path: Path) -> Installation:
    """An empty installation with its rules active."""
    files, message, at = rulebook_history(read_folder(CHECKOUT))[-1]
    author = Author(name="ops", email="ops@haodian")
    commit = create_repository(path=tmp_path / "rulebook.git", files=files, author=author, at=at)
    with transaction(engine) as connection:
        rulebooks.activate(
            connection,
            repository=tmp_path / "rulebook.git",
            commit=commit,
            title=message,
            actor="ops",
            reason="test",
            now=at,
            evaluators=EVALUATORS,
        )
    create_key_file(tmp_path / "keys")
    return Installation(
        engine=engine,
        rulebooks=rulebooks.ActiveRulebook(tmp_path / "rulebook.git", engine),
        sealer=read_sealer(tmp_path / "keys"),
    )
