"""A process has the active release compiled as soon as it is told, and keeps the last good one."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from engine.releases import Release, head
from haodian.following import ReleaseFollower
from payments_core import rulebooks
from payments_core.database import transaction
from payments_core.rulebooks import ActiveRulebook
from payments_core.rulebooks.tables import activation, release
from tests.unit.releases.world import T0, make


class Asked(ActiveRulebook):
    """Releases that say when one of them was compiled."""

    def __init__(self, path: Path, engine: Engine) -> None:
        super().__init__(path, engine)
        self.compiled = threading.Event()

    def get(self, release: int | str, /) -> Release:
        found = super().get(release)
        self.compiled.set()
        return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one release."""
    make(tmp_path / "rulebook.git")
    return tmp_path / "rulebook.git"


@pytest.fixture
def follower(engine: Engine, repository: Path, database_url: str) -> ReleaseFollower:
    """A follower that does nothing yet."""
    return ReleaseFollower(engine, rulebooks=Asked(repository, engine), url=database_url)


def activate(engine: Engine, repository: Path) -> int:
    with transaction(engine) as connection:
        return rulebooks.activate(
            connection,
            repository=repository,
            commit=head(repository),
            title="规则",
            actor="王磊",
            reason="开业",
            now=T0,
        )


def test_there_is_nothing_before_the_first_activation(follower: ReleaseFollower) -> None:
    follower.catch_up()
    assert follower.release_no is None


def test_an_activation_is_heard_and_compiled(engine: Engine, repository: Path, database_url: str) -> None:
    releases = Asked(repository, engine)
    follower = ReleaseFollower(engine, rulebooks=releases, url=database_url)
    running = threading.Thread(target=follower.run)
    running.start()
    number = activate(engine, repository)
    assert releases.compiled.wait(60)
    follower.stop()
    running.join()
    assert follower.release_no == number


def test_a_release_that_cannot_be_loaded_leaves_the_last_good_one(
    engine: Engine, repository: Path, follower: ReleaseFollower
) -> None:
    good = activate(engine, repository)
    follower.catch_up()
    with transaction(engine) as connection:  # past the product, which would have refused it
        values = {"commit_sha": "0" * 40, "title": "坏的", "created_at": T0}
        made = connection.execute(insert(release).values(values).returning(release.c.release_no)).scalar_one()
        row = {"release_no": made, "activated_at": T0 + timedelta(hours=1), "activated_by": "?", "reason": ""}
        connection.execute(insert(activation).values(row))
    follower.catch_up()
    assert follower.release_no == good
    again = activate(engine, repository)
    follower.catch_up()
    assert follower.release_no == again == good
