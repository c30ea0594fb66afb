"""durable-rules inside its envelope: what it is given, what it answers, and that it survives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import durable_rules_engine as durable
import pytest

from engine.sequences.network import GENERATION, RULESET, Held, Network


@pytest.fixture
def network() -> Iterator[Network]:
    """A network whose generations are short."""
    made = Network(name="test", generation=10)
    yield made
    made.close()


def hold(network: Network, link: int, at_us: int, name: str = "a") -> Held:
    return network.hold(link=link, at_us=at_us, until_us=at_us + 10, event_id=name)


def completed(network: Network, link: int, at_us: int) -> list[str]:
    return sorted(held.event_id for held in network.completed_by(link=link, at_us=at_us))


@pytest.mark.parametrize(
    ("link", "at_us", "names"), [(1, 100, ["a"]), (1, 109, ["a"]), (1, 110, []), (1, 99, []), (2, 105, [])]
)
def test_a_last_completes_the_firsts_of_its_link_whose_window_it_is_in(
    network: Network, link: int, at_us: int, names: list[str]
) -> None:
    hold(network, 1, 100)
    assert completed(network, link, at_us) == names


def test_several_are_completed_at_once_and_stay_until_dropped(network: Network) -> None:
    held = [hold(network, 1, 100 + number, name) for number, name in enumerate("abc")]
    assert completed(network, 1, 105) == ["a", "b", "c"]
    network.drop(held[1])
    assert completed(network, 1, 105) == ["a", "c"]


def test_more_results_than_are_read_at_once() -> None:
    network = Network(name="wide")
    for number in range(2_500):
        hold(network, 7, 100, f"{number:04}")
    assert completed(network, 7, 101) == [f"{number:04}" for number in range(2_500)]
    network.close()


def test_what_is_held_moves_to_the_next_generation(network: Network) -> None:
    held = [hold(network, link, 100, f"{link}") for link in (1, 2)]
    for _ in range(35):  # each asks under a number of its own: 37 numbers, four generations of ten
        assert completed(network, 1, 101) == ["1"]
    network.drop(held[0])
    assert completed(network, 1, 101) == []
    assert completed(network, 2, 101) == ["2"]


def test_a_network_is_full_before_its_generation_is(network: Network) -> None:
    for link in range(5):
        assert not network.is_full
        hold(network, link, 100)
    assert network.is_full


def test_times_of_this_century_are_whole_numbers_to_the_microsecond(network: Network) -> None:
    now_us = 1_760_000_000_000_000
    network.hold(link=1, at_us=now_us, until_us=now_us + 1, event_id="a")
    assert completed(network, 1, now_us) == ["a"]
    assert completed(network, 1, now_us + 1) == []


def hashed(text: str) -> int:
    """Return what durable-rules tells facts apart by: FNV-1a of 32 bits over the id."""
    value = 0x811C9DC5
    for character in text.encode():
        value = (value ^ character) * 0x01000193 & 0xFFFFFFFF
    return value


def test_durable_rules_takes_ids_of_one_hash_for_one_fact() -> None:
    """So that the next test is about the right hash. 2 says: observed already."""
    assert hashed("40189") == hashed("797186")
    import json

    handle = durable.create_ruleset("collision", json.dumps(RULESET))
    codes = [
        durable.assert_fact(handle, f'{{"id":{number},"step":1,"link":1,"at":1,"until":2}}')[0]
        for number in (40189, 40190, 797186)
    ]
    durable.delete_ruleset(handle)
    assert codes == [0, 0, 2]


def test_no_two_numbers_of_a_generation_have_one_hash() -> None:
    assert len({hashed(str(number)) for number in range(1, GENERATION + 1)}) == GENERATION


def test_the_ruleset_is_one_rule_of_two_conditions_and_its_last_part_is_always_true() -> None:
    """The limits of durable-rules are about what grows; here nothing does, whatever the rule files say."""
    (rule,) = RULESET.values()
    first, last = rule["all"]
    assert first == {"first": {"$and": [{"step": 1}]}}
    assert len(last["last"]["$and"]) == 5
    assert last["last"]["$and"][-1] == {"$gt": {"step": {"first": "step"}}}  # 2 > 1


HAMMER = """
import random
from engine.sequences.network import Network
chance = random.Random(1)
network = Network(name="hammer", generation=500)
alive = []
for number in range(20_000):
    link, at_us = chance.randrange(5), number + chance.randrange(-4, 5)
    if not network.is_full and chance.random() < 0.6:
        until_us = at_us + chance.randrange(1, 9)
        alive.append(network.hold(link=link, at_us=at_us, until_us=until_us, event_id=str(number)))
    found = network.completed_by(link=link, at_us=at_us)
    wanted = [one for one in alive if one.link == link and one.at_us <= at_us < one.until_us]
    assert sorted(one.number for one in found) == sorted(one.number for one in wanted)
    while len(alive) > 40:
        network.drop(alive.pop(chance.randrange(len(alive))))
print("survived")
"""


def test_it_survives_what_the_rules_can_ask_of_it() -> None:
    """In a process of its own: durable-rules ends its process where it goes wrong."""
    done = subprocess.run([sys.executable, "-c", HAMMER], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "survived"), done.stderr
