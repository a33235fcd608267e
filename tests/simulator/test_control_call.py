"""What a call of the control API is."""

from __future__ import annotations

import pytest

from simulator.control_call import Call, ControlError


def test_numbers_of_the_query() -> None:
    call = Call({}, {"after": "12", "limit": "-1"}, None)
    assert (call.number("after", 0), call.number("other", 7)) == (12, 7)
    with pytest.raises(ControlError, match="limit: expected a whole number") as caught:
        call.number("limit", 0)
    assert caught.value.status == 400
