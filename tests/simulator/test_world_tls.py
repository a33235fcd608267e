"""Certificates in world files: what they become, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.wire.tls import Tls, TlsFiles
from simulator.world_config import cpo_config, station_config
from simulator.world_file import WorldFile, read, read_text
from simulator.world_tls import profile_at_the_door

SERVER = "{cert: s.pem, key: s.key, ca: ca.pem}"


def text(cpo: str = "", station: str = "", more: str = "") -> str:
    return f"""\
name: t
cpo: {{country_code: DE, party_id: ABC, name: T{cpo and ", "}{cpo}}}
{more}
locations:
- id: L
  country: DEU
  stations:
  - {{id: S1, ocpp: 1.6{station and ", "}{station}}}
"""


def mistakes(*parts: str) -> str:
    with pytest.raises(Mistake) as caught:
        read_text(text(*parts), "w.yaml")
    return str(caught.value)


def world(*parts: str) -> WorldFile:
    return read_text(text(*parts), "d/w.yaml")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(text(f"ocpp_tls: {SERVER}, ocpi_tls: {{ca: /etc/ca.pem}}"))
    plan = read(path)
    files = TlsFiles(tmp_path / "s.pem", tmp_path / "s.key")
    assert plan.ocpp_tls == Tls(files, tmp_path / "ca.pem")
    assert plan.ocpi_tls == Tls(ca=Path("/etc/ca.pem"))


def test_each_actor_has_its_own() -> None:
    more = "peers: [{name: p, tls: {ca: p.pem}}]\nemps: [{name: e, tls: {ca: e.pem}}]"
    plan = world(f"ocpp_tls: {SERVER}", "tls: {cert: c.pem, key: c.key}", more)
    assert plan.peers[0].tls == Tls(ca=Path("d/p.pem"))
    assert plan.emps[0].tls == Tls(ca=Path("d/e.pem"))
    assert plan.stations[0].tls == Tls(TlsFiles(Path("d/c.pem"), Path("d/c.key")))


def test_mutual() -> None:
    plan = world(f"ocpi_tls: {SERVER[:-1]}, mutual: true}}")
    assert plan.ocpi_tls.mutual
    assert "'mutual' needs the 'ca'" in mistakes("ocpi_tls: {cert: a, key: b, mutual: true}")


def test_a_key_belongs_to_a_certificate() -> None:
    for half in ("{cert: a}", "{key: b}"):
        told = mistakes(f"ocpp_tls: {half}")
        assert told == "w.yaml:2: cpo.ocpp_tls: 'cert' and 'key' go together"


@pytest.mark.parametrize(
    ("cpo", "station", "words"),
    [
        ("", "security_profile: 3, tls: {cert: a, key: b}", "3 is over TLS: cpo.ocpp_tls needs"),
        (f"ocpp_tls: {SERVER}", "security_profile: 0", "0 is plain text, and the CPO's stations"),
        (f"ocpp_tls: {SERVER}", "security_profile: 3", "3 needs a client certificate: tls.cert"),
        (f"ocpp_tls: {SERVER}", "security_profile: 2", "2 needs a 'password'"),
        ("", "security_profile: 1", "1 needs a 'password'"),
        (
            "ocpp_tls: {cert: a, key: b}",
            "security_profile: 3, tls: {cert: a, key: b}",
            "3 needs the CA of the stations' certificates: cpo.ocpp_tls.ca",
        ),
    ],
)
def test_profiles_fit_what_the_cpo_serves(cpo: str, station: str, words: str) -> None:
    told = mistakes(cpo, station)
    assert f"locations[0].stations[0].security_profile: {words}" in told
    assert told.startswith("w.yaml:8: ")


@pytest.mark.parametrize(
    ("cpo", "station", "profile"),
    [
        ("", "", 1),
        ("", "security_profile: 0", 0),
        (f"ocpp_tls: {SERVER}", "", 2),
        (f"ocpp_tls: {SERVER}", "tls: {cert: a, key: b}", 3),
        (f"ocpp_tls: {SERVER}", "tls: {ca: x}", 2),
    ],
)
def test_what_the_door_asks(cpo: str, station: str, profile: int) -> None:
    plan = world(cpo, station)
    assert profile_at_the_door(plan, plan.stations[0]) == profile


def test_what_actors_are_told() -> None:
    from simulator.kernel.chance import Chance

    plan = world(f"ocpp_tls: {SERVER}", "tls: {cert: a, key: b}", "insecure: true")
    config = cpo_config(plan, Chance(1))
    assert config.insecure
    assert config.ocpp_tls == plan.ocpp_tls
    assert [entry.security_profile for entry in config.stations] == [3]
    default = Tls(ca=plan.ocpp_tls.ca)
    assert station_config(plan.stations[0], "wss://x", default).tls == plan.stations[0].tls
    (bare,) = world(f"ocpp_tls: {SERVER}").stations
    assert station_config(bare, "wss://x", default).tls == default
