"""Where recorded OCPI requests go now."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scenario.replay_match import Memory
from simulator.scenario.replay_places import Places, data_of, is_meant, split, tail
from simulator.scenario.replay_talk import OcpiExchange
from simulator.wire.http import Request

BASE = "http://old/ocpi/2.2.1"
ONE, OTHER = "65fa5495-a412-4f07-957c-d246c3f1eb35", "db04569d-5397-4619-9272-98de08bb397e"


def asked(method: str, url: str, module: str | None, version: str | None = "2.2.1") -> OcpiExchange:
    record = {"method": method, "url": url, "module": module, "version": version}
    return OcpiExchange(1, 0.0, True, f"{method} {module}", None, record=record)


def details(*rows: tuple[str, str, str]) -> dict[str, Any]:
    return {"endpoints": [{"identifier": i, "role": r, "url": u} for i, r, u in rows]}


def test_what_the_live_side_tells_of_its_endpoints_decides() -> None:
    memory = Memory()
    places = Places(memory, "http://new/versions")
    assert bool(places.known) is False
    assert places.url_of(asked("GET", "http://old/v", "versions", None)) == "http://new/versions"
    places.learn_versions([{"version": "2.2.1", "url": BASE}],
                          [{"version": "2.2.1", "url": "http://new/221"}])  # fmt: skip
    assert places.url_of(asked("GET", BASE, "versions")) == "http://new/221"
    places.learn_details(details(("cdrs", "RECEIVER", f"{BASE}/r/cdrs")),
                         details(("cdrs", "RECEIVER", "http://new/221/in/c"),
                                 ("tokens", "SENDER", "http://new/221/t/")))  # fmt: skip
    assert bool(places.known)
    assert places.url_of(asked("POST", f"{BASE}/r/cdrs", "cdrs")) == "http://new/221/in/c"
    authorize = asked("POST", f"{BASE}/s/tokens/04/authorize?type=RFID", "tokens")
    assert places.url_of(authorize) == "http://new/221/t/04/authorize?type=RFID"
    assert places.url_of(asked("PUT", f"{BASE}/r/sessions/A/B/1", "sessions")) is None
    memory.texts["http://peer/result/1"] = "http://live/result/9"
    assert (
        places.url_of(asked("POST", "http://peer/result/1", "commands")) == "http://live/result/9"
    )


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "x/locations", "SENDER"),
        ("GET", "x/locations/DE/ABC/L1", "RECEIVER"),
        ("PUT", "x/locations/DE/ABC/L1", "RECEIVER"),
        ("PUT", "sender/locations/DE/ABC/L1", "SENDER"),
    ],
)
def test_of_two_roles_the_one_that_is_meant(method: str, path: str, role: str) -> None:
    places = Places(Memory(), None)
    places.learn_details(None, details(("locations", "SENDER", "http://n/SENDER"),
                                       ("locations", "RECEIVER", "http://n/RECEIVER")))  # fmt: skip
    url = places.url_of(asked(method, f"{BASE}/{path}", "locations"))
    assert url is not None
    assert url.startswith(f"http://n/{role}")


def test_odd_details_are_none() -> None:
    places = Places(Memory(), None)
    for odd in (None, 7, [1], {"endpoints": 3}, {"endpoints": [{"identifier": 1, "url": 2}]}):
        places.learn_details(odd, odd)
        places.learn_versions(odd, odd)
    assert not places.known
    assert data_of("[]") is None


def test_requests_are_known_by_method_path_and_ids() -> None:
    recorded = asked("PUT", f"{BASE}/sessions/DE/ABC/{ONE}", "sessions")
    place = "/ocpi/2.2.1/sessions/DE/ABC"
    assert is_meant(recorded, Request("PUT", f"{place}/{OTHER}"), Memory())
    assert not is_meant(recorded, Request("PATCH", f"{place}/{OTHER}"), Memory())
    assert not is_meant(recorded, Request("PUT", f"{place}/17"), Memory())
    assert is_meant(recorded, Request("PUT", f"{place}/17"), Memory(), named_there=True)
    token = asked("PUT", f"{BASE}/tokens/DE/ABC/04AA", "tokens")
    other = Request("PUT", "/ocpi/2.2.1/tokens/DE/ABC/04BB")
    assert not is_meant(token, other, Memory(), named_there=True)


def test_urls_are_split_at_their_module() -> None:
    assert split(f"{BASE}/r/cdrs/1?a=b", "cdrs") == (f"{BASE}/r/cdrs", "/1?a=b")
    assert split(f"{BASE}/other", "cdrs") == (f"{BASE}/other", "")
    assert tail(f"{BASE}/r/cdrs/1/2?a=b", "cdrs") == ["1", "2"]
