"""The credentials module under requests, answer by answer."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import parse, write_json
from simulator.ocpi.headers import authorization
from simulator.wire.http import Headers, Request, Response
from tests.simulator.ocpi.platforms import CPO, EMSP, Side, side

PATH = "/ocpi/2.2.1/credentials"


async def ask(emsp: Side, method: str, token: str, body: Any = None) -> Response:
    """One request, straight into the server."""
    content = b"" if body is None else write_json(body)
    headers = Headers({"Authorization": authorization(token, "base64")})
    return await emsp.server.handle(Request(method, PATH, headers=headers, body=content))


async def test_get_shows_our_credentials(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with side("emsp", [EMSP], clock, chance, journal) as emsp:
        emsp.invite("cpo")
        answer = parse((await ask(emsp, "GET", "token-A")).body)
        assert answer.data == {
            "token": "token-A",
            "url": emsp.server.versions_url,
            "roles": [EMSP],
        }


@pytest.mark.parametrize(
    ("registered", "method"), [(True, "POST"), (False, "PUT"), (False, "DELETE")]
)
async def test_405_has_an_ocpi_body(
    clock: Clock, chance: Chance, journal: Journal, registered: bool, method: str
) -> None:
    async with side("emsp", [EMSP], clock, chance, journal) as emsp:
        emsp.invite("cpo").registered = registered
        body = {"token": "t", "url": "http://x/", "roles": [CPO]} if method != "DELETE" else None
        response = await ask(emsp, method, "token-A", body)
        assert response.status == 405
        assert parse(response.body).status_code == 2000
        assert "regist" in str(parse(response.body).status_message)


async def test_patch_is_not_there(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with side("emsp", [EMSP], clock, chance, journal) as emsp:
        emsp.invite("cpo")
        response = await ask(emsp, "PATCH", "token-A", {})
        assert response.status == 405


async def test_delete_needs_the_token_in_use(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with side("emsp", [EMSP], clock, chance, journal) as emsp:
        emsp.invite("cpo").registered = True
        assert (await ask(emsp, "DELETE", "another")).status == 401
        response = await ask(emsp, "DELETE", "token-A")
        assert (response.status, parse(response.body).ok) == (200, True)
        assert (await ask(emsp, "DELETE", "token-A")).status == 401
        await clock.sleep(0)
        assert emsp.ended == ["cpo"]


async def test_of_two_registrations_at_once_one_wins(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        side("cpo", [CPO], clock, chance, journal) as cpo,
        side("emsp", [EMSP], clock, chance, journal) as emsp,
    ):
        emsp.invite("cpo")
        second: list[Response] = []
        cpo.store.save(Connection("emsp", "emsp", token_next="B", token_in="B2"))
        body = {"token": "B", "url": cpo.server.versions_url, "roles": [CPO]}

        async def race(_ctx: Any, response: Response) -> Response:
            # While the first POST calls back, a second one arrives and is through before it.
            if not second:
                second.append(Response(0))
                second.append(await ask(emsp, "POST", "token-A", {**body, "token": "B2"}))
            return response

        cpo.server.tamper = race
        first = await ask(emsp, "POST", "token-A", body)
        assert second[1].status == 200
        assert first.status == 405
        assert emsp.store.all()[0].token_out == "B2"
