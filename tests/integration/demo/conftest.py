"""A small demo world: loaded once a module, cloned for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.releases import Author, create_repository
from haodian import postgres
from haodian.checking import read_folder
from haodian.demo.loading import Loaded, Progress, load_world
from haodian.demo.rule_history import rulebook_history
from haodian.settings import CHECKOUT
from payments_core import rulebooks
from payments_core.calendar import SHANGHAI
from payments_core.database import connect, transaction
from payments_core.fees import EVALUATORS
from payments_core.privacy import create_key_file, read_sealer
from tests.databases import copied_database, copied_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A database with the product's rules active, as the first start leaves it before the demo world."""

    engine: Engine
    folder: Path

    def load(
        self,
        *,
        through: date = date(2025, 4, 9),
        days: int = 2,
        until: datetime | None = datetime(2025, 4, 10, 12, tzinfo=SHANGHAI),
        progress: Progress = lambda day, done, total: None,
    ) -> Loaded:
        """Load two past days and half of a third."""
        return load_world(
            self.engine,
            rulebooks=rulebooks.ActiveRulebook(self.folder / "rulebook.git", self.engine),
            sealer=read_sealer(self.folder / "keys"),
            scale="0.001",
            through=through,
            days=days,
            until=until,
            progress=progress,
        )


@pytest.fixture
def installation(engine: Engine, tmp_path: Path) -> Installation:
    """An empty installation with its rules active."""
    return _installed(engine, tmp_path)


@pytest.fixture(scope="module")
def template(
    cluster: postgres.Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The database of a loaded world, and the folder of its rulebook and keys."""
    folder = tmp_path_factory.mktemp("demo")
    with copied_database(cluster) as name:
        engine = connect(url=cluster.database_url(name))
        _installed(engine, folder).load()
        engine.dispose()
        yield name, folder


@pytest.fixture
def loaded(cluster: postgres.Cluster, template: tuple[str, Path]) -> Iterator[Installation]:
    """A loaded world of the test's own."""
    name, folder = template
    with copied_engine(cluster, template=name) as engine:
        yield Installation(engine=engine, folder=folder)


def _installed(engine: Engine, folder: Path) -> Installation:
    files, message, at = rulebook_history(read_folder(CHECKOUT))[-1]
    repository, author = folder / "rulebook.git", Author(name="ops", email="ops@haodian")
    commit = create_repository(path=repository, files=files, author=author, at=at)
    with transaction(engine) as connection:
        rulebooks.activate(
            connection,
            repository=repository,
            commit=commit,
            title=message,
            actor="ops",
            reason="test",
            now=at,
            evaluators=EVALUATORS,
        )
    create_key_file(folder / "keys")
    return Installation(engine=engine, folder=folder)
