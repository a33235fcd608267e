"""What a codec is told about an object's surroundings."""

from __future__ import annotations

from simulator.ocpi.codec import NOTHING_AROUND, Around, Wire
from simulator.ocpi.headers import Party


def test_the_way_back_has_the_parties_turned() -> None:
    def find(location_id: str) -> dict[str, str]:
        return {"id": location_id}

    around = Around(Party("DE", "ABC"), Party("DE", "8PS"), find)
    back = around.turned()
    assert (back.sender, back.receiver) == (Party("DE", "8PS"), Party("DE", "ABC"))
    assert back.location("L1") == {"id": "L1"}


def test_where_nothing_is_around_no_location_is_known() -> None:
    assert NOTHING_AROUND.location("L1") is None


def test_most_objects_lose_nothing() -> None:
    assert Wire({"id": "1"}).losses == ()
