"""2.2.1 is canonical: its codec changes nothing."""

from __future__ import annotations

import pytest

from simulator.ocpi.v221 import Codec221
from tests.simulator.ocpi.samples import kind_of, names, sample


@pytest.mark.parametrize("name", names())
def test_nothing_changes_on_either_way(name: str) -> None:
    codec, obj = Codec221(), sample(name)
    assert codec.sends(kind_of(name), obj)
    assert codec.to_wire(kind_of(name), obj) == (sample(name), ())
    assert codec.from_wire(kind_of(name), obj) == sample(name)
