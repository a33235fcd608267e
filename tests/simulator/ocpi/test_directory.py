"""URLs, version details, and the difference between 404 and 405."""

from __future__ import annotations

import pytest

from simulator.ocpi.connection import RECEIVER, SENDER
from simulator.ocpi.directory import Directory, module_table, not_supported
from simulator.ocpi.envelope import NotFound
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.headers import MessageIds, Routing
from simulator.wire.http import Request


async def answer(_ctx: Ctx) -> Result:
    return Result("done")


ROUTES = (
    Route("credentials", SENDER, "GET", "", answer),
    Route("tokens", RECEIVER, "PUT", "{country_code}/{party_id}/{token_uid}", answer),
    Route("locations", SENDER, "GET", "", answer),
)


def directory(prefix: str = "/ocpi") -> Directory:
    made = Directory(ROUTES, ["2.2.1"], prefix)
    made.base_url = "http://x:1"
    return made


def asked(method: str, path: str) -> Ctx:
    return Ctx(Request(method, path), "cpo", MessageIds(), Routing(), 0.0)


def test_urls_of_sender_and_receiver_differ() -> None:
    made = directory()
    assert made.versions_url == "http://x:1/ocpi/versions"
    assert made.details_url("2.2.1") == "http://x:1/ocpi/2.2.1"
    assert made.endpoint_url("2.2.1", "credentials", SENDER) == "http://x:1/ocpi/2.2.1/credentials"
    assert (
        made.endpoint_url("2.2.1", "tokens", RECEIVER, "DE", "8PS", "a/b c")
        == "http://x:1/ocpi/2.2.1/receiver/tokens/DE/8PS/a%2Fb%20c"
    )
    assert directory("/roam/").versions_url == "http://x:1/roam/versions"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_path_is_found_with_its_parameters_decoded(slash: str) -> None:
    ctx = asked("PUT", f"/ocpi/2.2.1/receiver/tokens/DE/8PS/a%2Fb%20c{slash}")
    assert directory().find(ctx) == []
    assert ctx.route is not None and ctx.route.path.endswith("{token_uid}")
    assert ctx.params == {"country_code": "DE", "party_id": "8PS", "token_uid": "a/b c"}
    assert (ctx.module, ctx.version.number) == ("tokens", "2.2.1")


@pytest.mark.parametrize(
    ("method", "path", "offered"),
    [
        ("GET", "/ocpi/2.2.1/receiver/tokens/DE/8PS/1", ["PUT"]),
        ("DELETE", "/ocpi/2.2.1/receiver/tokens/DE/8PS/1", ["PUT"]),
        # The specification knows a single location; this actor offers the list alone.
        ("GET", "/ocpi/2.2.1/sender/locations/L1", []),
        ("HEAD", "/ocpi/2.2.1/sender/locations", ["GET"]),
        ("OPTIONS", "/ocpi/versions", ["GET"]),
    ],
)
def test_a_verb_that_is_not_offered_leaves_the_route_open(
    method: str, path: str, offered: list[str]
) -> None:
    ctx = asked(method, path)
    assert directory().find(ctx) == offered
    assert ctx.route is None and ctx.module is not None
    refusal = not_supported(ctx, offered)
    assert refusal.http_status == 405 and method in refusal.message


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ocpi",
        "/ocpi/2.3.0",
        "/ocpi/2.2.1/sender/cdrs",
        "/ocpi/2.2.1/receiver/locations/DE/ABC/1",
        "/ocpi/2.2.1/sender/locations/1/2/3/4",
    ],
)
def test_what_is_not_here_is_404(path: str) -> None:
    with pytest.raises(NotFound):
        directory().find(asked("GET", path))


async def test_details_list_what_is_offered_once() -> None:
    ctx = asked("GET", "/ocpi/2.2.1/")
    directory().find(ctx)
    assert ctx.route is not None
    assert (await ctx.route.handler(ctx)).data == {
        "version": "2.2.1",
        "endpoints": [
            {
                "identifier": "credentials",
                "role": "SENDER",
                "url": "http://x:1/ocpi/2.2.1/credentials",
            },
            {
                "identifier": "tokens",
                "role": "RECEIVER",
                "url": "http://x:1/ocpi/2.2.1/receiver/tokens",
            },
            {
                "identifier": "locations",
                "role": "SENDER",
                "url": "http://x:1/ocpi/2.2.1/sender/locations",
            },
        ],
    }


async def test_a_route_of_other_versions_is_absent() -> None:
    other = Route("cdrs", SENDER, "GET", "", answer, versions=("9.9",))
    made = Directory([other], ["2.2.1"], "/ocpi")
    with pytest.raises(NotFound):
        made.find(asked("GET", "/ocpi/2.2.1/sender/cdrs"))


def test_a_slash_that_a_client_leaves_out_behind_an_endpoint_is_mended_and_noted() -> None:
    ctx = asked("PUT", "/ocpi/2.2.1/receiver/tokensDE/ABC/T1")
    directory().find(ctx)
    assert ctx.module == "tokens"
    assert ctx.params["token_uid"] == "T1"
    assert ctx.notes["unslashed"] == "/ocpi/2.2.1/receiver/tokensDE/ABC/T1"


def test_other_paths_are_not_noted() -> None:
    ctx = asked("PUT", "/ocpi/2.2.1/receiver/tokens/DE/ABC/T1")
    directory().find(ctx)
    assert "unslashed" not in ctx.notes


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/ocpi/2.2.1/sender/cdrs", "cdrs"),
        ("/ocpi/2.2.1/receiver/sessions/DE/ABC/S1", "sessions"),
        ("/ocpi/2.2.1/sender/hubclientinfo", "hubclientinfo"),
        ("/ocpi/2.2.1/sender/cdrsX", None),
        ("/ocpi/2.2.1/bookings", None),
    ],
)
def test_a_404_tells_the_module_that_is_not_offered_and_where_the_endpoints_are(
    path: str, module: str | None
) -> None:
    ctx = asked("GET", path)
    with pytest.raises(NotFound) as caught:
        directory().find(ctx)
    assert ctx.module == module
    assert (ctx.used is not None) is (module is not None)
    assert caught.value.message.endswith("the endpoints of OCPI 2.2.1: http://x:1/ocpi/2.2.1")


def test_modules_are_told_with_what_is_refused() -> None:
    rows = {(row["module"], row["role"]): row for row in module_table(ROUTES, ["2.2.1"])}
    assert rows["tokens", RECEIVER] == {
        "version": "2.2.1", "module": "tokens", "role": "RECEIVER",
        "taken": ["PUT"], "refused": ["GET", "PATCH"],
    }  # fmt: skip
    assert rows["sessions", RECEIVER]["taken"] == []
    assert rows["credentials", SENDER]["refused"] == []
    assert rows["sessions", RECEIVER]["refused"] == ["GET", "PUT", "PATCH"]
