"""Each check on its own."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.ocpi import gate
from simulator.ocpi.connection import RECEIVER, Connection, MemoryStore
from simulator.ocpi.envelope import (
    InvalidParameters,
    NotFound,
    NotJson,
    Unauthorized,
    UnsupportedVersion,
    write_json,
)
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.headers import MessageIds, Party, Routing, authorization
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http import Headers, Request
from tests.simulator.ocpi.platforms import CPO, EMSP


async def handler(_ctx: Ctx) -> Result:
    return Result()


def context(
    method: str = "PUT",
    body: Any = None,
    *,
    raw: bytes | None = None,
    headers: dict[str, str] | None = None,
    module: str = "tokens",
    takes: str | None = "token",
    optional: bool = False,
    **params: str,
) -> Ctx:
    content = raw if raw is not None else b"" if body is None else write_json(body)
    request = Request(method, "/", headers=Headers(headers), body=content)
    route = Route(module, RECEIVER, method, "", handler, takes=takes, optional=optional)
    return Ctx(
        request,
        "cpo",
        MessageIds(),
        Routing(),
        0.0,
        stored=Connection("1", "peer", version="2.2.1", registered=True, their_roles=[EMSP]),
        module=module,
        used=VERSIONS["2.2.1"],
        route=route,
        params=params,
    )


@pytest.mark.parametrize("form", ["base64", "raw"])
def test_a_token_is_known_in_either_form(form: Any) -> None:
    store = MemoryStore()
    store.save(Connection("1", "peer", token_in="dG9rZW4"))  # looks encoded, and is not
    ctx = context(headers={"Authorization": authorization("dG9rZW4", form)})
    ctx.stored = None
    gate.authenticate(ctx, store)
    assert ctx.connection.id == "1"
    assert ctx.seen is not None and ctx.seen.form == form


@pytest.mark.parametrize(
    ("value", "words"), [(None, "missing"), ("Basic YTpi", "missing"), ("Token zzz", "not known")]
)
def test_no_token_or_an_unknown_one_is_401(value: str | None, words: str) -> None:
    ctx = context(headers={} if value is None else {"Authorization": value})
    with pytest.raises(Unauthorized, match=words):
        gate.authenticate(ctx, MemoryStore())


def test_token_a_opens_versions_and_credentials_alone() -> None:
    for module in ("versions", "credentials"):
        ctx = context(module=module)
        ctx.connection.registered = False
        gate.check_standing(ctx)
    ctx = context(module="tokens")
    ctx.connection.registered = False
    with pytest.raises(Unauthorized):
        gate.check_standing(ctx)


def test_the_agreed_version_alone_is_used() -> None:
    ctx = context()
    gate.check_version(ctx)
    ctx.connection.version = "2.1.1"
    with pytest.raises(UnsupportedVersion) as caught:
        gate.check_version(ctx)
    assert caught.value.http_status == 200
    ctx.module = "credentials"
    gate.check_version(ctx)


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{", b"\xff"])
def test_a_body_that_is_not_json_is_400(raw: bytes) -> None:
    with pytest.raises(NotJson):
        gate.read_body(context(raw=raw))


@pytest.mark.parametrize("body", [[], "token", 5, True])
def test_a_body_that_is_no_object_is_2001(body: Any) -> None:
    with pytest.raises(InvalidParameters, match="object"):
        gate.read_body(context(body=body))


def test_an_optional_body_may_be_missing_or_null() -> None:
    for raw in (b"", b"null"):
        ctx = context(raw=raw, optional=True, method="POST")
        gate.read_body(ctx)
        assert ctx.json is None and ctx.obj is None


def test_the_body_of_a_get_is_not_looked_at() -> None:
    ctx = context(method="GET", raw=b"{")
    gate.read_body(ctx)
    assert ctx.json is None


def test_raw_and_canonical_stand_side_by_side() -> None:
    ctx = context(body={"uid": "1", "extra": 1.5})
    gate.read_body(ctx)
    assert ctx.json == ctx.obj == {"uid": "1", "extra": 1.5}


def test_an_object_belongs_to_the_party_in_the_url_or_the_peer_s_first() -> None:
    assert gate.owner_of(context(country_code="NL", party_id="XYZ")) == Party("NL", "XYZ")
    assert gate.owner_of(context()) == Party("DE", "8PS")


def test_a_foreign_party_in_the_url_is_404() -> None:
    gate.check_owner(context(country_code="de", party_id="8ps"))
    gate.check_owner(context())
    with pytest.raises(NotFound, match=r"DE\*ABC"):
        gate.check_owner(context(country_code="DE", party_id="ABC"))
    ctx = context(country_code="DE", party_id="ABC", module="hubclientinfo")
    gate.check_owner(ctx)
    assert CPO["party_id"] == "ABC"


@pytest.mark.parametrize(
    ("takes", "params", "body", "pointer"),
    [
        ("token", {"token_uid": "1"}, {"uid": "2"}, "/uid"),
        ("token", {"country_code": "DE", "party_id": "8PS"}, {"party_id": "ABC"}, "/party_id"),
        ("location", {"location_id": "L1"}, {"id": "L2"}, "/id"),
        ("evse", {"location_id": "L1", "evse_uid": "E1"}, {"uid": "E2"}, "/uid"),
        ("connector", {"evse_uid": "E1", "connector_id": "1"}, {"id": "2"}, "/id"),
        ("session", {"session_id": "S1"}, {"id": "S2"}, "/id"),
        ("tariff", {"tariff_id": "T1"}, {"id": "T2"}, "/id"),
    ],
)
def test_ids_in_url_and_body_must_be_the_same(
    takes: str, params: dict[str, str], body: dict[str, str], pointer: str
) -> None:
    ctx = context(takes=takes, **params)
    ctx.json = body
    with pytest.raises(InvalidParameters) as caught:
        gate.check_ids(ctx)
    assert caught.value.pointer == pointer
    ctx.json = {}
    gate.check_ids(ctx)


def test_ids_are_compared_without_regard_to_case() -> None:
    ctx = context(takes="token", token_uid="abc")
    ctx.json = {"uid": "ABC"}
    gate.check_ids(ctx)
