"""The station's end: it connects, it comes back, and it waits as the specification says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus, NegotiationError
from websockets.http11 import Response

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.ocpp_client import cause_of
from simulator.wire.ocpp_rpc import Call, LinkClosed, OcppVersion, Reply
from simulator.wire.ocpp_ws import Admission, BackOff, Knock, Link, OcppClient, OcppServer

NOW = "2026-01-15T07:00:00.000Z"


async def answer(call: Call) -> Reply:
    return Reply({"currentTime": NOW} if call.action == "Heartbeat" else {"status": "Accepted"})


class Station:
    """A client that notes its ups and downs."""

    def __init__(self, clock: Clock, journal: Journal, **options: Any) -> None:
        self.clock = clock
        self.ups: list[float] = []
        self.downs: list[str] = []
        self.up = asyncio.Event()
        settings = {
            "url": "ws://127.0.0.1:9000/ocpp",
            "station_id": "CP1",
            "version": OcppVersion.V16,
            "handler": answer,
            "on_up": self._went_up,
            "on_down": self._went_down,
            **options,
        }
        self.client = OcppClient(clock=clock, chance=Chance(3), journal=journal, **settings)

    async def _went_up(self, link: Link) -> None:
        self.ups.append(self.clock.monotonic())
        self.up.set()

    def _went_down(self, reason: str) -> None:
        self.downs.append(reason)
        self.up.clear()


@contextlib.asynccontextmanager
async def csms(clock: Clock, journal: Journal, **options: Any) -> AsyncIterator[OcppServer]:
    settings = {
        "accept": lambda _knock: True,
        "on_link": lambda _link: answer,
        **options,
    }
    server = OcppServer(clock=clock, chance=Chance(1), journal=journal, actor="cpo", **settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def station(clock: Clock, journal: Journal, **options: Any) -> AsyncIterator[Station]:
    it = Station(clock, journal, **options)
    await it.client.start()
    try:
        yield it
    finally:
        await it.client.stop()


def whats(journal: Journal, actor: str = "station/CP1") -> list[str]:
    return [r["what"] for r in journal.records if r["leg"] == "event" and r["actor"] == actor]


async def test_it_connects_and_both_ends_call(clock: Clock, journal: Journal) -> None:
    async with csms(clock, journal) as server, station(clock, journal) as it:
        await it.up.wait()
        assert it.client.link is not None
        assert await it.client.link.call("Heartbeat", {}) == {"currentTime": NOW}
        reset = await server.links["CP1"].call("Reset", {"type": "Soft"})
        assert reset == {"status": "Accepted"}
    assert it.downs == ["closed by this end"]
    assert it.client.link is None
    assert whats(journal) == ["ocpp.connected", "ocpp.disconnected"]


async def test_both_ends_record_every_frame(clock: Clock, journal: Journal) -> None:
    async with csms(clock, journal), station(clock, journal) as it:
        await it.up.wait()
        assert it.client.link is not None
        await it.client.link.call("Heartbeat", {}, session="CP1-1-1")
    frames = [r for r in journal.records if r["leg"] == "ocpp"]
    assert [(r["actor"], r["peer"], r["direction"], r["message_type"]) for r in frames] == [
        ("station/CP1", "cpo", "sent", 2),
        ("cpo", "station/CP1", "received", 2),
        ("cpo", "station/CP1", "sent", 3),
        ("station/CP1", "cpo", "received", 3),
    ]
    assert {r["session"] for r in frames} == {"CP1-1-1"}


async def test_a_url_may_end_in_a_slash_and_an_id_may_hold_one(
    clock: Clock, journal: Journal
) -> None:
    async with csms(clock, journal) as server:
        options = {"url": server.url + "/", "station_id": "A/B é"}
        async with station(clock, journal, **options) as it:
            await it.up.wait()
            assert list(server.links) == ["A/B é"]


async def test_a_password_is_sent_and_never_recorded(clock: Clock, journal: Journal) -> None:
    seen: list[tuple[str, str | None]] = []

    def accept(knock: Knock) -> bool:
        seen.append((knock.station_id, knock.password))
        return True

    async with (
        csms(clock, journal, accept=accept),
        station(clock, journal, basic_password="s3cret:é") as it,
    ):
        await it.up.wait()
    assert seen == [("CP1", "s3cret:é")]
    assert "s3cret" not in journal.dump().decode()


async def test_after_a_cut_it_comes_back_by_itself(clock: Clock, journal: Journal) -> None:
    async with csms(clock, journal) as server, station(clock, journal) as it:
        await it.up.wait()
        old = server.links["CP1"]
        call = asyncio.ensure_future(old.call("TriggerMessage", {"requestedMessage": "Heartbeat"}))
        await it.client.drop()
        with pytest.raises(LinkClosed):
            await call
        assert it.client.link is None
        await it.up.wait()
        assert server.links["CP1"] is not old
        pause = it.ups[1] - it.ups[0]
        assert 10.0 <= pause <= 15.1  # RetryBackOffWaitMinimum + up to RetryBackOffRandomRange
    assert len(it.downs) == 2


async def test_a_cut_sends_no_close_frame(clock: Clock, journal: Journal) -> None:
    gone: list[str] = []
    options = {"on_gone": lambda link: gone.append(link.closed_because)}
    async with csms(clock, journal, **options), station(clock, journal) as it:
        await it.up.wait()
        await it.client.drop(stay_down=True)
        await clock.sleep(1)
        assert len(gone) == 1
        assert "no close frame received" in gone[0]


async def test_a_station_told_to_stay_down_does(clock: Clock, journal: Journal) -> None:
    async with csms(clock, journal) as server, station(clock, journal) as it:
        await it.up.wait()
        await it.client.drop(stay_down=True)
        await clock.sleep(3600)
        assert server.links == {}
        assert it.ups == [it.ups[0]]
        await it.client.start()
        await it.up.wait()
        assert len(it.ups) == 2


async def test_an_absent_csms_is_asked_again_with_growing_pauses(
    clock: Clock, journal: Journal
) -> None:
    options = {"wait_minimum_s": 10.0, "random_range_s": 0.0, "repeat_times": 3}
    async with station(clock, journal, **options) as it:
        await clock.sleep(10 + 20 + 40 + 80 + 80 + 1)
        assert whats(journal).count("ocpp.connect_failed") == 6
        async with csms(clock, journal):
            await it.up.wait()
            assert it.ups[0] == pytest.approx(10 + 20 + 40 + 80 + 80 + 80, abs=0.01)
            await it.client.drop()
            await it.up.wait()
            assert it.ups[1] - it.ups[0] == pytest.approx(10, abs=0.01)  # it began anew


@pytest.mark.parametrize("verdict", [Admission.UNKNOWN, Admission.UNAUTHORIZED])
async def test_a_refused_station_tries_again(
    clock: Clock, journal: Journal, verdict: Admission
) -> None:
    verdicts = [verdict, verdict, Admission.ADMITTED]
    options = {"accept": lambda _knock: verdicts.pop(0)}
    async with csms(clock, journal, **options), station(clock, journal) as it:
        await it.up.wait()
        assert whats(journal).count("ocpp.connect_failed") == 2
        failed = next(r for r in journal.records if r.get("what") == "ocpp.connect_failed")
        assert str(verdict.value) in failed["data"]["error"]


async def test_a_csms_of_another_version_is_told_and_tried_again(
    clock: Clock, journal: Journal
) -> None:
    versions = (OcppVersion.V201,)
    async with csms(clock, journal, versions=versions), station(clock, journal) as it:
        await clock.sleep(60)
        assert it.ups == []
        failed = next(r for r in journal.records if r.get("what") == "ocpp.connect_failed")
        told = "the CSMS does not speak ocpp1.6 (it agreed to none)"
        assert failed["data"]["error"] == told


def _answer(status: int, body: bytes = b"", offered: str | None = None) -> InvalidStatus:
    headers = Headers() if offered is None else Headers({"Sec-WebSocket-Protocol": offered})
    return InvalidStatus(Response(status, "", headers, body))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NegotiationError("unsupported subprotocol: ocpp2.0.1"), "(it offered ocpp2.0.1)"),
        (_answer(400, offered="ocpp2.0.1"), "(HTTP 400; it offered ocpp2.0.1)"),
        (_answer(400, b"No such\nsubprotocol.\n"), "(HTTP 400: No such subprotocol.)"),
    ],
)
def test_a_refused_version_is_told_as_such(error: Exception, told: str) -> None:
    words = cause_of(error, "ws://x", OcppVersion.V16)
    assert words == f"the CSMS does not speak ocpp1.6 {told}"


def test_a_bare_400_may_be_a_refused_version() -> None:
    words = cause_of(_answer(400, b"Bad Request"), "ws://x", OcppVersion.V16)
    assert "HTTP 400: Bad Request (so answers a CSMS that does not speak ocpp1.6, too)" in words
    assert "ocpp1.6" not in cause_of(_answer(401), "ws://x", OcppVersion.V16)


async def test_a_library_that_answers_400_is_understood(clock: Clock, journal: Journal) -> None:
    async def nobody_comes(_: ServerConnection) -> None:
        raise AssertionError

    spoken: Any = ["ocpp2.0.1"]
    async with (
        serve(nobody_comes, "127.0.0.1", 9000, subprotocols=spoken),
        station(clock, journal),
    ):
        await clock.sleep(5)
    failed = next(r for r in journal.records if r.get("what") == "ocpp.connect_failed")
    assert failed["data"]["error"].startswith("the CSMS does not speak ocpp1.6 (HTTP 400: ")
    assert "expected one of ocpp2.0.1" in failed["data"]["error"]


async def test_a_csms_that_closes_is_asked_again(clock: Clock, journal: Journal) -> None:
    async with station(clock, journal) as it:
        async with csms(clock, journal):
            await it.up.wait()
        await clock.sleep(0.1)
        assert "1001" in it.downs[0]
        async with csms(clock, journal):
            await it.up.wait()
            assert len(it.ups) == 2


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\n\r\nhello", b"\x00\xff" * 100])
async def test_a_server_that_is_no_csms_is_survived(
    clock: Clock, journal: Journal, reply: bytes
) -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    listener = await asyncio.start_server(babble, "127.0.0.1", 9000)
    async with listener, station(clock, journal) as it:
        await clock.sleep(60)
        assert it.ups == []
        assert whats(journal).count("ocpp.connect_failed") >= 2


async def test_what_on_up_does_ends_with_the_link(clock: Clock, journal: Journal) -> None:
    ended: list[str] = []

    async def on_up(link: Link) -> None:
        try:
            await clock.sleep(5)
            await link.call("Heartbeat", {})
            await clock.sleep(3600)
        finally:
            ended.append("boot")

    async with csms(clock, journal), station(clock, journal, on_up=on_up) as it:
        await clock.sleep(10)
        await it.client.drop(stay_down=True)
        await clock.sleep(1)
        assert ended == ["boot"]
    assert "ocpp.chore_failed" not in whats(journal)


async def test_a_call_in_on_up_that_breaks_with_the_link_is_no_failure(
    clock: Clock, journal: Journal
) -> None:
    async def silent(call: Call) -> Reply:
        await clock.sleep(3600)
        return Reply({})

    async def on_up(link: Link) -> None:
        await link.call("Heartbeat", {})

    async with (
        csms(clock, journal, on_link=lambda _link: silent),
        station(clock, journal, on_up=on_up) as it,
    ):
        await clock.sleep(10)
        await it.client.drop(stay_down=True)
        await clock.sleep(1)
    assert "ocpp.chore_failed" not in whats(journal)


async def test_what_happens_after_a_reply_survives_the_link(clock: Clock, journal: Journal) -> None:
    done: list[str] = []

    async def after() -> None:
        await clock.sleep(30)
        done.append("charging")

    async def handler(call: Call) -> Reply:
        return Reply({"status": "Accepted"}, after=after)

    async with csms(clock, journal) as server, station(clock, journal, handler=handler) as it:
        await it.up.wait()
        await server.links["CP1"].call("RemoteStartTransaction", {"idTag": "A"})
        await it.client.drop(stay_down=True)
        await clock.sleep(60)
        assert done == ["charging"]


async def test_frames_that_come_with_the_handshake_are_not_lost(
    clock: Clock, journal: Journal
) -> None:
    answers: list[Any] = []

    async def hasty(connection: ServerConnection) -> None:
        await connection.send('[2,"1","Reset",{"type":"Soft"}]')
        answers.append(await connection.recv())

    subprotocols: Any = ["ocpp1.6"]
    async with (
        serve(hasty, "127.0.0.1", 9000, subprotocols=subprotocols),
        station(clock, journal) as it,
    ):
        await it.up.wait()
        await clock.sleep(1)
        assert answers == ['[3,"1",{"status":"Accepted"}]']


async def test_stopping_while_it_connects_or_waits_leaves_nothing(
    clock: Clock, journal: Journal
) -> None:
    for moment_s in (0.0, 0.001, 5.0):
        it = Station(clock, journal)
        await it.client.start()
        await clock.sleep(moment_s)
        await it.client.stop()
        await it.client.stop()
    assert len(asyncio.all_tasks()) == 1


async def test_a_handler_may_cut_its_own_link(clock: Clock, journal: Journal) -> None:
    async def handler(call: Call) -> Reply:
        await it.client.drop(stay_down=True)
        return Reply({"status": "Accepted"})

    async with csms(clock, journal) as server, station(clock, journal, handler=handler) as it:
        await it.up.wait()
        with pytest.raises(LinkClosed):
            await server.links["CP1"].call("Reset", {"type": "Hard"})
        await clock.sleep(3600)
        assert len(it.ups) == len(it.downs) == 1
        await it.client.start()
        await it.up.wait()
        assert len(it.ups) == 2


@pytest.mark.parametrize("url", ["http://127.0.0.1", "ws://", "127.0.0.1:9000", "", "ws://x:y"])
def test_a_url_that_is_none_is_told_at_once(clock: Clock, journal: Journal, url: str) -> None:
    with pytest.raises(ValueError, match="expected ws://"):
        Station(clock, journal, url=url)


async def test_starting_twice_is_starting_once(clock: Clock, journal: Journal) -> None:
    async with csms(clock, journal) as server, station(clock, journal) as it:
        await it.client.start()
        await it.up.wait()
        await clock.sleep(1)
        assert len(server.links) == 1
        assert len(it.ups) == 1


# The pauses


def test_a_pause_doubles_up_to_its_limit() -> None:
    pauses = BackOff(Chance(1), wait_minimum_s=3, random_range_s=0, repeat_times=2)
    assert [pauses.next_s() for _ in range(5)] == [3, 6, 12, 12, 12]
    pauses.reset()
    assert pauses.next_s() == 3


def test_chance_spreads_every_pause() -> None:
    pauses = BackOff(Chance(1), wait_minimum_s=10, random_range_s=5, repeat_times=0)
    seen = [pauses.next_s() for _ in range(200)]
    assert min(seen) >= 10
    assert max(seen) <= 15
    assert len(set(seen)) == 200


def test_pauses_can_be_changed_while_running() -> None:
    pauses = BackOff(Chance(1), wait_minimum_s=10, random_range_s=0, repeat_times=5)
    pauses.next_s()
    pauses.wait_minimum_s, pauses.repeat_times = 1, 1
    assert [pauses.next_s() for _ in range(3)] == [2, 2, 2]


async def test_a_peer_that_vanished_is_found_by_pings(clock: Clock, journal: Journal) -> None:
    """Half-open TCP: no FIN, no RST, only silence."""
    options = {"ping_interval_s": 30.0, "ping_timeout_s": 20.0}
    async with (
        csms(clock, journal, ping_interval_s=None) as server,
        station(clock, journal, **options) as it,
    ):
        await it.up.wait()
        await clock.sleep(300)
        assert (len(it.ups), it.downs) == (1, [])
        deaf = server.links["CP1"]
        deaf._wire.pause_reading(True)  # its network is gone: nothing arrives any more
        await clock.sleep(120)
        assert len(it.ups) == 2
        assert "keepalive ping timeout" in it.downs[0]
