"""What all actors know is plain JSON, and looking changes nothing."""

from __future__ import annotations

import msgspec

from simulator.scenario.lab import Lab
from simulator.world_file import read_text

from .stage import TINY


def test_the_whole_world_is_plain_and_left_as_it_was() -> None:
    with Lab(read_text(TINY)) as lab:
        first, second = lab.snapshot(), lab.snapshot()
        assert first == second
        assert msgspec.json.decode(msgspec.json.encode(first))["world"]["name"] == "tiny"
        assert (set(first["stations"]), set(first["peers"])) == ({"ST1"}, {"plugsurfing"})
