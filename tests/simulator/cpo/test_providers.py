"""Where certificates come from: what is asked of whom, and what is told where nobody is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.cpo.book import Book
from simulator.cpo.common import Common
from simulator.cpo.config import PncSettings
from simulator.cpo.providers import Providers
from simulator.cpo.sites import Sites
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.pki.csr import make_csr
from simulator.pki.keys import P256, PkiError, draw_key
from simulator.pki.ocsp_http import OcspClient
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import HttpClient, HttpServer
from tests.simulator.cpo.world import CONFIG

CSR = make_csr(draw_key(Chance(3), P256), "SECC1")
REQUEST = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "exiRequest": "gJgC"}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("V2GCertificate", "/est/cpo/simpleenroll"),
        ("ChargingStationCertificate", "/est/station/simpleenroll"),
        ("ext.other", "/est/cpo/simpleenroll"),
        ("opcp", "/v1/ccp/signedContractData"),
        ("opnc", "/opnc/v1/ccp/signedcontractdata"),
    ],
)
async def test_who_is_asked(
    kind: Any, path: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    seen: list[str] = []

    async def answer(request: Request) -> Response:
        seen.append(request.path)
        return Response(503)

    server = HttpServer(answer, clock, port=9301)
    await server.start()
    http = HttpClient(clock)
    pool = {"pool_dialect": kind} if kind in ("opcp", "opnc") else {}
    settings = PncSettings(est_url=f"{server.base_url}/est", pool_url=server.base_url, **pool)
    providers = made(settings, http, clock, chance, journal)
    assert providers.signs
    with pytest.raises(PkiError, match="503"):
        await (providers.ev_certificate(REQUEST) if pool else providers.sign(CSR, kind))
    assert seen == [path]
    await http.close()
    await server.stop()


async def test_where_nobody_is_to_be_asked(clock: Clock, chance: Chance, journal: Journal) -> None:
    http = HttpClient(clock)
    for settings in (None, PncSettings()):
        providers = made(settings, http, clock, chance, journal)
        assert not providers.signs
        with pytest.raises(PkiError, match="est_url"):
            await providers.sign(CSR, "V2GCertificate")
        with pytest.raises(PkiError, match="pool_url"):
            await providers.ev_certificate(REQUEST)
        row = {"hashAlgorithm": "MD5", "responderURL": "http://127.0.0.1:1/"}
        with pytest.raises(PkiError, match="hash data"):
            await providers.status(row)
    await http.close()


def made(
    settings: PncSettings | None, http: HttpClient, clock: Clock, chance: Chance, journal: Journal
) -> Providers:
    config = replace(CONFIG, pnc=settings)
    book = Book(":memory:", clock)
    common = Common(config, Sites(config, rfc3339(clock.now())), book, clock, chance, journal)
    providers = Providers(common, http, OcspClient(http, clock))
    book.close()
    return providers
