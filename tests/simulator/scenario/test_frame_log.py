"""Plain frame logs become journals that can be replayed."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mistakes import Exit, Mistake
from simulator.scenario.frame_log import Import, import_file, import_text, unread_in_words
from simulator.scenario.replay_recording import load
from tests.simulator.scenario.recorded import fresh, play_stations, recording

AT = "2024-05-01T10:00:0"
BOOT = '[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
START = '[2,"s","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"t"}]'
LOG = f"""\
{AT}0Z IN  {BOOT}
{AT}1Z OUT [3,"b",{{"status":"Accepted"}}]

{AT}2Z IN  {START}
what is this
{AT}3Z OUT [3,"s",{{"transactionId":7,"idTagInfo":{{"status":"Accepted"}}}}]
{AT}4Z OUT [2,"r","RemoteStopTransaction",{{"transactionId":7}}]
{AT}5Z IN  [3,"r",{{"status":"Accepted"}}]
"""


def made(log: str, **options: Any) -> Import:
    return import_text(log, "S1", **options)


def sent(log: str, **options: Any) -> list[bool]:
    return [record["direction"] == "sent" for record in made(log, **options).records]


def test_a_log_becomes_a_journal(tmp_path: Path) -> None:
    found = made(LOG)
    assert found.unread == [(5, "no OCPP-J frame is in it")]
    assert [r["action"] for r in found.records] == [
        "BootNotification", "BootNotification", "StartTransaction", "StartTransaction",
        "RemoteStopTransaction", "RemoteStopTransaction",
    ]  # fmt: skip
    assert {r["actor"] for r in found.records} == {"station/S1"}
    assert {r["version"] for r in found.records} == {"1.6"}
    assert [r["session"] for r in found.records] == [None, None, *["S1-1"] * 4]
    path = tmp_path / "j"
    path.write_bytes(found.dump())
    assert len(load(path).records) == 6


def test_whose_sent_is_meant_is_learnt_from_the_frames() -> None:
    by_csms = [True, False, True, False, False, True]
    assert sent(LOG) == sent(LOG, writer="station") == by_csms
    by_station = LOG.replace("IN ", "xx").replace("OUT", "IN").replace("xx", "OUT")
    assert sent(by_station) == by_csms
    wordless = LOG.replace("IN ", "").replace("OUT", "")
    assert sent(wordless) == by_csms
    no_way = LOG.replace("IN ", "S1 -> us").replace("OUT", "us -> S1")
    assert sent(no_way) == by_csms, "an arrow alone that goes one way in all lines tells nothing"
    unclear = f'{AT}0Z sent [2,"d","DataTransfer",{{"vendorId":"x"}}]'
    assert sent(unclear, version="1.6") == [False]
    assert sent(unclear, version="1.6", writer="station") == [True]


def test_both_ends() -> None:
    records = made(LOG, both=True).records
    assert [r["actor"] for r in records[:4]] == ["station/S1", "cpo", "cpo", "station/S1"]
    assert [r["seq"] for r in records] == list(range(1, 13))


def test_versions() -> None:
    newer = BOOT.replace('"chargePointVendor":"V"', '"chargingStation":{"model":"M"}')
    assert made(f"{AT}0Z {newer}").records[0]["version"] == "2.0.1"
    with pytest.raises(Mistake, match="--version"):
        made(f'{AT}0Z [2,"1","Heartbeat",{{}}]')


def test_secrets_are_hidden() -> None:
    log = f'{AT}0Z [2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"s3cret"}}]'
    assert "s3cret" not in made(log).dump().decode()


def test_what_cannot_be_imported(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for data, words, code in (
        (b"", "no OCPP-J frame in it", Exit.NOTHING),
        (b"one\ntwo\n", ":2: no OCPP-J frame", Exit.NOTHING),
        (gzip.compress(b"x"), "packed with gzip", Exit.USAGE),
    ):
        path.write_bytes(data)
        with pytest.raises(Mistake, match=words) as caught:
            import_file(path, "S1")
        assert caught.value.exit_code == code
    path.write_text(LOG)
    with pytest.raises(Mistake, match="log:5: no OCPP-J frame"):
        import_file(path, "S1", strict=True)
    assert len(import_file(path, "S1").records) == 6
    with pytest.raises(Mistake, match="No such file"):
        import_file(tmp_path / "nowhere", "S1")
    many = unread_in_words(path, [(n, "odd") for n in range(30)])
    assert many[-1].endswith("and 10 lines more")


def test_an_imported_log_is_replayed_like_the_journal_it_came_from(tmp_path: Path) -> None:
    told = recording(tmp_path)
    lines = [
        f"{r['at']} {'->' if r['direction'] == 'sent' else '<-'} {r['frame']}"
        for r in told.records
        if r["leg"] == "ocpp" and r["actor"] == "station/DE-AC-1"
    ]
    path = tmp_path / "j"
    path.write_bytes(import_text("\n".join(lines), "DE-AC-1").dump())
    report, _ = play_stations(load(path), fresh(), factor=None)
    assert report.differences == []
    assert report.compared > 20


FRAGMENTS = st.sampled_from(
    [AT + "1Z ", "->", "<-", BOOT, '[3,"b",{}]', '[2,"\\ud800","Authorize",{}]', "\n", "\x00", "\r",
     "[2,", '"', "{", '{"message":', "1714557600 ", '[4,"b","X","",{}]', '[2,"1","A",[]]',
     '[3,"b",7]', '[2,"s","StartTransaction",null]', '[2,"z","X",{"transactionId":[]}]']
)  # fmt: skip


@given(st.lists(FRAGMENTS | st.text(max_size=20), max_size=30).map("".join))
def test_arbitrary_text_never_raises_anything_but_a_mistake(text: str) -> None:
    try:
        found = import_text(text, "S1")
    except Mistake:
        return
    for line in found.dump().splitlines():
        msgspec.json.decode(line)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_neither(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "log"
    path.write_bytes(data)
    with contextlib.suppress(Mistake):
        assert import_file(path, "S1", version="1.6").records
