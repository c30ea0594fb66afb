"""Whatever is wrong with a commit or its repository, activating it is refused and the last good one stays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pygit2
import pytest
from sqlalchemy import Engine, text

from engine.releases import Author, CommitMissing, RepositoryCorrupt, create_repository, head
from engine.releases.repository import MAIN, record, write_tree
from payments_core import rulebooks
from payments_core.database import transaction
from payments_core.rulebooks import ActiveRulebook, ReleaseRejected
from tests import wrong_rules
from tests.unit.releases.world import T0

WANG = Author(name="王磊", email="wang@haodian")
GOOD = wrong_rules.declared()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose only release is right."""
    create_repository(path=tmp_path / "rulebook.git", files=GOOD, author=WANG, at=T0)
    return tmp_path / "rulebook.git"


def written_past_the_product(repository: Path, changes: Mapping[str, str]) -> str:
    """Commit to main without any check, as somebody with access to the files could."""
    opened = pygit2.Repository(str(repository))
    before = opened[opened.references[MAIN].target].peel(pygit2.Commit)
    tree = write_tree(opened, base=before.tree, changes=changes)
    made = record(opened, tree=tree, parents=[before.id], author=WANG, message="x", at=T0)
    opened.references.create(MAIN, made, force=True)
    return str(made)


def activate(engine: Engine, repository: Path, commit: str) -> int:
    with transaction(engine) as connection:
        return rulebooks.activate(
            connection,
            repository=repository,
            commit=commit,
            title="规则",
            actor="王磊",
            reason="测试",
            now=T0,
        )


def in_force(engine: Engine) -> tuple[int, int]:
    with transaction(engine) as connection:
        lane = connection.execute(text("SELECT release_no FROM lane WHERE lane_no = 0")).scalar_one()
        (newest, *_) = rulebooks.list_activations(connection)
        return int(lane), newest.release_no


@pytest.mark.parametrize("way", ["alias", "cyrillic_fact", "negative_margin", "kind_without_priority"])
def test_a_broken_rule_is_never_activated(engine: Engine, repository: Path, way: str) -> None:
    good = activate(engine, repository, head(repository))
    broken = written_past_the_product(repository, wrong_rules.texts_of(way))
    with pytest.raises(ReleaseRejected) as refusal:
        activate(engine, repository, broken)
    said = wrong_rules.as_words(refusal.value.diagnostics)
    assert said == wrong_rules.words()[way]
    assert in_force(engine) == (good, good)


@pytest.mark.parametrize("fault", ["corrupt", "missing", "no main"])
def test_a_broken_repository_leaves_the_last_good_release(
    engine: Engine, repository: Path, fault: str
) -> None:
    good = activate(engine, repository, head(repository))
    running = ActiveRulebook(repository, engine)
    release = running.get(good)
    later = written_past_the_product(repository, wrong_rules.texts_of("stray_file"))
    damaged = repository / "objects" / later[:2] / later[2:]
    if fault == "missing":
        damaged.unlink()
    elif fault == "corrupt":
        damaged.chmod(0o644)
        damaged.write_bytes(b"\0" * 100)
    else:
        (repository / "refs" / "heads" / "main").unlink()
    with pytest.raises((CommitMissing, RepositoryCorrupt)):
        activate(engine, repository, later)
    assert in_force(engine) == (good, good)
    assert running.get(good) is release
