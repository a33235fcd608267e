"""The peer as a CPO meets it, over real sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_peer.server import start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.mistakes import Mistake
from simulator.ocpi.headers import authorization
from simulator.wire.http_aio import BindError
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

HERE = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}


async def charge(cpo: TestCpo, name: str = "CDR1", **fields: Any) -> dict[str, Any]:
    """Share location and tariff, authorize, charge half an hour; the CDR that follows."""
    await cpo.put_tariff(o.tariff())
    await cpo.put_location(o.location())
    answer = await cpo.authorize(o.CARD, HERE)
    begun = cpo.clock.now()
    await cpo.clock.sleep(1800)
    reference = answer.data["authorization_reference"]
    return o.cdr(name, **{"start": begun, "reference": reference, **fields})


async def test_a_session_from_registration_to_an_accepted_cdr(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        assert len(cpo.tokens) == 7
        cdr = await charge(cpo)
        told = await cpo.post_cdr(cdr)
        assert (told.http_status, told.status_code) == (201, 1000), told.message
        assert await cpo.findings() == []
        there = told.headers["Location"]
        back = await cpo.client.exchange(cpo.connection, "GET", there, module="cdrs")
        assert back.data == cdr


async def test_a_refused_cdr_names_its_rule_and_the_finding_its_message(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        told = await cpo.post_cdr(await charge(cpo, reference=None))
        assert (told.http_status, told.status_code) == (200, 2001)
        assert "cdr.authorization-reference" in told.message
        _, listed = await cpo.control("GET", "/findings")
        (finding,) = listed["findings"]
        assert finding["pointer"] == "/authorization_reference"
        record = journal.since(finding["message_seq"] - 1)[0]
        assert (record["leg"], record["module"], record["method"]) == ("ocpi", "cdrs", "POST")
        assert finding["hint"].startswith("Copy authorization_reference")


async def test_silent_mode_accepts_and_only_the_finding_tells(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, strict=False) as cpo:
        bad = await charge(cpo, reference=None)
        told = await cpo.post_cdr(bad)
        assert (told.http_status, told.status_code) == (201, 1000)
        far = await cpo.put_location(o.location("FAR", country="AUS"))
        assert far.status_code == 1000
        assert await cpo.findings() == ["cdr.authorization-reference", "location.territory"]
        _, state = await cpo.control("GET", "/state")
        assert state["held"][0]["refused_cdrs"] == ["de*abc*cdr1"]
        assert [place["id"] for place in state["held"][0]["locations"]] == ["LOC1"]
        # It was not taken, so that the right one may still come.
        good = {
            **bad,
            "authorization_reference": state["held"][0]["authorizations"][0]["reference"],
        }
        assert (await cpo.post_cdr(good)).status_code == 1000
        _, state = await cpo.control("GET", "/state")
        assert state["held"][0]["refused_cdrs"] == []


async def test_the_same_cdr_again_is_answered_as_at_first_and_a_changed_one_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        cdr = await charge(cpo)
        first = await cpo.post_cdr(cdr)
        again = await cpo.post_cdr(cdr)
        reordered = await cpo.post_cdr(dict(reversed(cdr.items())))
        for answer in (again, reordered):
            assert (answer.http_status, answer.status_code) == (201, 1000)
            assert answer.headers["Location"] == first.headers["Location"]
        changed = await cpo.post_cdr({**cdr, "remark": "mended"})
        assert changed.status_code == 2000
        assert "cdr.unaltered at /remark" in changed.message
        _, state = await cpo.control("GET", "/state")
        assert ["remark" in kept for kept in state["held"][0]["cdrs"]] == [False]


async def test_nothing_is_lost_over_a_restart(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    file = str(tmp_path / "peer.db")
    async with connected(clock, chance, journal, database=file) as cpo:
        cdr = await charge(cpo)
        first = await cpo.post_cdr(cdr)
        await cpo.put_session(o.session())
        await cpo.control("PUT", "/authorizations", {"default": {"allowed": "NO_CREDIT"}})
        _, before = await cpo.control("GET", "/state")
        await cpo.peer.stop()
        cpo.peer = await start(
            clock=clock, chance=Chance(7), journal=journal, port=8090, database=file
        )
        _, after = await cpo.control("GET", "/state")
        assert after == before
        again = await cpo.post_cdr(cdr)
        assert again.headers["Location"] == first.headers["Location"]
        refused = await cpo.authorize(o.CARD, HERE)
        assert refused.data["allowed"] == "NO_CREDIT"
        changed = await cpo.post_cdr({**cdr, "remark": "mended"})
        assert "cdr.unaltered" in changed.message
        _, listed = await cpo.control("GET", "/findings")
        assert [f["number"] for f in listed["findings"]] == [1]


async def test_a_restart_on_the_same_book_draws_nothing_again(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    file = str(tmp_path / "peer.db")
    drawn: list[str] = []
    async with connected(clock, chance, journal, database=file) as cpo:
        for _ in range(3):
            cdr = await charge(cpo, f"CDR{len(drawn)}")
            drawn.append(cdr["authorization_reference"])
            assert (await cpo.post_cdr(cdr)).status_code == 1000
            await cpo.peer.stop()
            cpo.peer = await start(
                clock=clock, chance=chance.child("test"), journal=journal, port=8090, database=file
            )
    assert len(set(drawn)) == 3


async def test_data_before_registration_is_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        base = f"{cpo.peer.base_url}/ocpi/2.2.1/receiver/cdrs"
        for token in ("nobody", cpo.peer.token_a):
            told = await cpo.send("POST", base, b"{}", Authorization=authorization(token, "base64"))
            assert told.status == 401
            assert msgspec.json.decode(told.body)["status_code"] == 2000
        assert (await cpo.send("POST", base, b"{}")).status == 401
        assert await cpo.findings() == ["credentials.before-data"] * 3
        _, told = await cpo.control("GET", "/findings")
        assert {f["objects"][0] for f in told["findings"]} == {"module/cdrs"}


async def test_a_wrong_token_on_versions_or_credentials_is_401_and_no_more(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        wrong = authorization("nobody", "base64")
        for method, path in (
            ("GET", "versions"),
            ("GET", "2.2.1"),
            ("POST", "2.2.1/credentials"),
            ("GET", "nowhere"),
        ):
            url = f"{cpo.peer.base_url}/ocpi/{path}"
            assert (await cpo.send(method, url, b"{}", Authorization=wrong)).status == 401
        assert await cpo.findings() == []


@pytest.mark.parametrize(
    ("method", "module", "path", "rule"),
    [
        ("GET", "locations", "DE/ABC/LOC1", "locations.no-get"),
        ("GET", "locations", "", "locations.no-get"),
        ("GET", "tariffs", "", "tariffs.no-get"),
        ("GET", "sessions", "", "sessions.no-get"),
        ("DELETE", "locations", "DE/ABC/LOC1", "request.supported"),
        ("GET", "tariffs", "DE/ABC/T1", "tariffs.no-get"),
        ("PATCH", "tariffs", "DE/ABC/T1", "tariffs.no-patch"),
        ("GET", "sessions", "DE/ABC/S1", "sessions.no-get"),
        ("GET", "cdrs", "", "cdrs.no-get"),
        ("PUT", "sessions", "DE/ABC/S1/charging_preferences", "session.no-preferences"),
    ],
)
async def test_what_plugsurfing_does_not_take_is_405_and_names_the_rule(
    clock: Clock, chance: Chance, journal: Journal, method: str, module: str, path: str, rule: str
) -> None:
    async with connected(clock, chance, journal) as cpo:
        answer = await cpo.ask(method, module, *path.split("/"))
        assert answer.http_status == 405
        assert answer.envelope is not None
        assert answer.envelope.status_code == 2000
        assert rule in str(answer.envelope.status_message)
        assert await cpo.findings() == [rule]


async def test_only_the_modules_of_the_table_are_offered(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        offered = {f"{module} {role}" for module, role in cpo.connection.endpoints}
        assert offered == {
            "credentials SENDER",
            "credentials RECEIVER",
            "locations RECEIVER",
            "tariffs RECEIVER",
            "tokens SENDER",
            "cdrs RECEIVER",
            "sessions RECEIVER",
            "commands SENDER",
        }
        (role,) = cpo.connection.their_roles
        assert (role["role"], role["country_code"], role["party_id"]) == ("EMSP", "DE", "8PS")
        assert role["business_details"]["name"] == "Plugsurfing"


async def test_a_foreign_owner_breaks_the_roles(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        body = o.location(country_code="NL", party_id="XYZ")
        answer = await cpo.ask("PUT", "locations", "NL", "XYZ", "LOC1", body=body)
        assert answer.status_code == 2001
        assert await cpo.findings() == ["credentials.roles-unique"]


async def test_broken_json_and_missing_ids_are_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        url = cpo.connection.endpoints["cdrs", "RECEIVER"]
        token = authorization(cpo.connection.token_out, "base64")
        told = await cpo.send("POST", url, b"{", Authorization=token)
        assert told.status == 400
        assert sorted(await cpo.findings()) == ["request.body", "request.ids", "request.ids"]


async def test_a_rule_switched_off_never_ends_in_a_server_error(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Whatever is agreed, a body that cannot be kept is a client's error."""
    off = dict.fromkeys(("location.valid", "location.unique", "session.valid", "cdr.valid"), "off")
    async with connected(clock, chance, journal, profile={"rules": off}) as cpo:
        for method in ("PUT", "PATCH"):
            for path in (("LOC1",), ("LOC1", "E1"), ("LOC1", "E1", "1")):
                for body in ([], {}, {"id": 1, "uid": []}, "x"):
                    answer = await cpo.ask(method, "locations", "DE", "ABC", *path, body=body)
                    assert answer.status_code != 3000, (method, path, body, answer.message)
            answer = await cpo.ask(method, "sessions", "DE", "ABC", "S9", body=[])
            assert answer.status_code != 3000


REQUESTS = st.tuples(
    st.sampled_from(["GET", "PUT", "PATCH", "POST", "DELETE"]),
    st.sampled_from(
        [
            "/ocpi/versions",
            "/ocpi/2.2.1",
            "/ocpi/2.2.1/credentials",
            "/ocpi/2.2.1/receiver/locations/DE/ABC/LOC1",
            "/ocpi/2.2.1/receiver/locations/DE/ABC/LOC1/LOC1-1",
            "/ocpi/2.2.1/receiver/locations/DE/ABC/LOC1/LOC1-1/1",
            "/ocpi/2.2.1/receiver/tariffs/DE/ABC/T1",
            "/ocpi/2.2.1/receiver/sessions/DE/ABC/S1",
            "/ocpi/2.2.1/receiver/cdrs",
            "/ocpi/2.2.1/receiver/cdrs/x",
            "/ocpi/2.2.1/sender/tokens",
            f"/ocpi/2.2.1/sender/tokens/{o.CARD}/authorize",
            "/ocpi/2.2.1/sender/commands/START_SESSION/x",
            "/_mock/connections",
            "/_mock/register",
            "/_mock/tokens/x",
            "/_mock/commands/START_SESSION",
            "/_mock/authorizations",
            "/_mock/findings?after=x",
            "/_mock/%ff/../..",
            "/%00",
        ]
    ),
    st.binary(max_size=40)
    | st.sampled_from([o.location(), o.cdr(), o.session(), {}, [], None, 1]).map(
        msgspec.json.encode
    )
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*o.location(), *o.cdr(), "token", "url", "roles", "default"]),
                inner,
            )
        ),
        max_leaves=6,
    ).map(msgspec.json.encode),
    st.sampled_from(["", "offset=-1", "limit=x", "date_from=1", "type=RFID"]),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUESTS, min_size=10, max_size=30))
def test_any_request_is_answered_and_the_server_goes_on(
    requests: list[tuple[str, str, bytes, str]],
) -> None:
    clock = Clock("virtual")

    async def main() -> None:
        async with connected(clock, Chance(1), Journal(clock)) as cpo:
            await cpo.put_location(o.location())
            token = authorization(cpo.connection.token_out, "base64")
            for method, path, body, query in requests:
                url = f"{cpo.peer.base_url}{path}{'?' + query if query and '?' not in path else ''}"
                answer = await cpo.send(method, url, body, Authorization=token)
                assert answer.status < 500, (method, path, body, answer.body)
                assert b'"status_code":3000' not in answer.body, (method, path, body)
            status, _ = await cpo.control("GET", "/state")
            assert status == 200
        assert not [r for r in cpo.journal.records if r.get("what") == "peer.failed"]

    run(main(), clock)


async def test_a_port_in_use_and_bad_configuration_are_told(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    peer = await start(clock=clock, chance=chance, journal=journal, port=8090)
    with pytest.raises(BindError) as taken:
        await start(clock=clock, chance=chance, journal=journal, port=8090)
    assert "8090" in str(taken.value)
    assert getattr(taken.value, "exit_code", None) == 3
    await peer.stop()
    for options, word in (
        ({"profile": {"strikt": True}}, "strict"),
        ({"tokens": [{"uid": "1", "kind": "RFID"}]}, "/0/kind"),
        ({"database": str(tmp_path)}, "database"),
    ):
        with pytest.raises(Mistake, match=word):
            await start(clock=clock, chance=chance, journal=journal, **options)


async def test_the_findings_of_the_same_world_are_the_same(chance: Chance) -> None:
    def once() -> bytes:
        clock = Clock("virtual")
        journal = Journal(clock)

        async def main() -> None:
            async with connected(clock, Chance(3), journal) as cpo:
                await cpo.post_cdr(await charge(cpo, reference=None))

        import threading

        thread = threading.Thread(target=lambda: run(main(), clock))
        thread.start()
        thread.join()
        return journal.dump()

    assert once() == once()


async def test_a_body_that_is_too_long_is_refused_and_recorded(
    clock: Clock, chance: Chance, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.wire.http_aio.MAX_BODY_BYTES", 1000)
    async with connected(clock, chance, journal) as cpo:
        told = await cpo.post_cdr({"id": "x" * 2000})
        assert (told.http_status, told.status_code) == (413, 2000)
        ours = [r for r in journal.records if r["leg"] == "ocpi" and r["actor"] == "plugsurfing"]
        assert ours[-1]["http_status"] == 413
        status, told = await cpo.control("PUT", "/tokens/04AA", {"issuer": "x" * 2000})
        assert (status, told["error"]) == (413, "the body is longer than 1000 bytes")
