"""The rulebook's history of a demo world."""

from __future__ import annotations

from haodian.checking import check_files, read_folder
from haodian.demo.rule_history import SHARE_RULE, rulebook_history
from haodian.settings import CHECKOUT


def test_every_release_of_the_history_checks_and_the_last_is_the_checkout() -> None:
    files = read_folder(CHECKOUT)
    history = rulebook_history(files)

    for release, message, _ in history:
        checked = check_files(release)
        assert checked.is_good, (message, checked.findings[:3])
    assert history[-1][0] == files
    assert [("version: 1" in h[0][SHARE_RULE], "version: 2" in h[0][SHARE_RULE]) for h in history] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    instants = [at for _, _, at in history]
    assert instants == sorted(instants)
