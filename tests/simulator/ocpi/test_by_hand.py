"""Where a request that is asked for by hand goes, and where never. (What is sent and answered:
`scenario/test_steps_send`.)
"""

from __future__ import annotations

import pytest

from simulator.ocpi.by_hand import ByHand, ByHandError, place
from simulator.ocpi.connection import RECEIVER, SENDER, Connection

HERE = "http://127.0.0.1:9"


@pytest.fixture
def connection() -> Connection:
    told = Connection("c1", "plugsurfing", versions_url=f"{HERE}/ocpi/versions")
    told.endpoints = {
        ("tokens", SENDER): f"{HERE}/s/tokens",
        ("tokens", RECEIVER): f"{HERE}/r/tokens",
        ("cdrs", RECEIVER): "http://cdrs.example/r/cdrs/",
    }
    return told


@pytest.mark.parametrize(
    ("method", "module", "path", "url"),
    [
        ("GET", "tokens", "", f"{HERE}/s/tokens"),
        ("PUT", "tokens", "DE/RLB/x", f"{HERE}/r/tokens/DE/RLB/x"),
        ("GET", "tokens", "?limit=1", f"{HERE}/s/tokens?limit=1"),
        ("GET", "cdrs", "/7", "http://cdrs.example/r/cdrs/7"),
        ("GET", "versions", "", f"{HERE}/ocpi/versions"),
        ("GET", "tokens", f"{HERE}/anything?x=1", f"{HERE}/anything?x=1"),
        ("GET", "tokens", "http://CDRS.example/x", "http://CDRS.example/x"),
    ],
)
def test_it_goes_to_the_modules_endpoint_or_a_place_of_the_other_side(
    connection: Connection, method: str, module: str, path: str, url: str
) -> None:
    assert place(connection, ByHand(method, module, path)) == url


def test_a_role_chooses_between_two_endpoints(connection: Connection) -> None:
    assert place(connection, ByHand("GET", "tokens", role=RECEIVER)) == f"{HERE}/r/tokens"
    with pytest.raises(ByHandError, match="offers no cdrs; it offers cdrs RECEIVER, tokens"):
        place(connection, ByHand("GET", "cdrs", role=SENDER))


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1/x", "http://127.0.0.1:99/x", "https://evil.example/x", "http://[",
        "http:///x",
        "http://127.0.0.1:9@evil.example/x", "https://127.0.0.1:9/x",
    ],
)  # fmt: skip
def test_our_token_goes_nowhere_else(connection: Connection, path: str) -> None:
    with pytest.raises(ByHandError, match="our token goes nowhere else"):
        place(connection, ByHand("GET", "tokens", path))
