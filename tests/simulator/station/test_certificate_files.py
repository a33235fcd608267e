"""A station's certificates in a directory: what was saved is read again, and nobody else may."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from simulator.kernel.chance import Chance
from simulator.pki.certificates import hash_data, pem, pem_chain
from simulator.pki.keys import key_pem
from simulator.station.certificate_files import (
    CertificateFiles,
    delivered,
    open_store,
    station_folder,
)
from simulator.station.certificate_kinds import Refused, Signing, Use
from simulator.station.certificate_records import Held
from simulator.station.certificates import CertificateStore
from simulator.station.config import Delivered, PncConfig, StationConfig, StationError
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import (
    NOW,
    SECC,
    asked,
    box,
    certify,
    factory_roots,
    owned,
    root,
    store,
)


def config(directory: Path, *parts: Delivered) -> StationConfig:
    return StationConfig(
        "CP/1",
        OcppVersion.V201,
        "ws://127.0.0.1:1",
        pnc=PncConfig(),
        certificates=parts,
        certificate_directory=directory,
    )


def files(directory: Path) -> dict[str, str]:
    found = sorted(each for each in directory.rglob("*") if each.is_file())
    return {str(each.relative_to(directory)): each.read_text() for each in found}


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    first = open_store(config(tmp_path, *factory_roots()))
    own = owned(first)
    owned(first, Signing.STATION, key_seed=2)
    pending, newer = asked(first, seed=3), asked(first, seed=4)
    again = open_store(config(tmp_path))
    assert again.roots(Use.V2G_ROOT) == [root()]
    assert again.ids(Use) == first.ids(Use)
    assert [each.csr for each in again.pending] == [pending.csr, newer.csr]
    mine = again.v2g_chain(NOW)
    assert mine is not None
    assert (mine.chain, mine.root) == (own.chain, own.root)
    assert key_pem(mine.key) == key_pem(own.key)
    assert again.station_certificate(NOW) is not None
    assert again.signed(certify(pending.csr), None, NOW, 10_000).signing is Signing.V2G
    assert [each.csr for each in open_store(config(tmp_path)).pending] == [newer.csr]
    again.delete(hash_data(root(), root()), Use)
    assert open_store(config(tmp_path, *factory_roots())).roots(Use.V2G_ROOT) == []


def test_keys_are_the_owners_alone_and_nothing_is_left_behind(tmp_path: Path) -> None:
    it = open_store(config(tmp_path, *factory_roots()))
    folder = station_folder(tmp_path, "CP/1")
    owned(it)
    asked(it, seed=5)
    names = files(folder)
    assert sum(name.endswith(".key") for name in names) == 2
    for each in folder.rglob("*"):
        mode = stat.S_IMODE(each.stat().st_mode)
        assert mode == (0o700 if each.is_dir() else 0o600), each
        assert "PRIVATE KEY" in each.read_text() if each.suffix == ".key" else True
    assert not [name for name in names if ".new" in name]
    leaf, issuer = next(it.own[0].issued)
    it.delete(hash_data(leaf, issuer), Use)
    assert not [name for name in files(folder) if name.startswith("V2GCertificate/")]


def test_a_user_may_put_roots_and_chains_there(tmp_path: Path) -> None:
    own = owned(store())
    folder = station_folder(tmp_path, "CP/1")
    for name, text in (
        ("V2GRootCertificate/mine.pem", "a note\n" + pem(root()) + pem(root(seed=8))),
        ("V2GCertificate/leaf.pem", pem_chain(own.chain)),
        ("V2GCertificate/leaf.key", key_pem(own.key)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    it = open_store(config(tmp_path))
    assert len(it.roots(Use.V2G_ROOT)) == 2
    assert it.usable(NOW)
    assert "V2GRootCertificate/mine.pem" not in files(folder)  # it has names of its own
    assert len(files(folder)) == 4


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("V2GRootCertificate/a.pem", "garbage", "a.pem: not a PEM certificate"),
        ("V2GCertificate/a.pem", pem(root()), "a.key: cannot be read"),
        ("pending/0.What.csr", "x", "expected a name like 000001"),
        ("pending/0.V2GCertificate.csr", "x", "key: cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = station_folder(tmp_path, "CP/1") / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(StationError, match=says):
        open_store(config(tmp_path))


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StationError, match="cannot be written"):
        open_store(config(tmp_path / "file", *factory_roots()))


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = open_store(config(tmp_path, *factory_roots()))
    before = files(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simulator.station.certificate_files.os.fsync", full)
    with pytest.raises(Refused, match="No space left"):
        it.request(Signing.V2G, SECC, Chance(1))
    assert it.pending == ()
    monkeypatch.undo()
    assert CertificateFiles(station_folder(tmp_path, "CP/1")).load().pending == ()
    assert {name: text for name, text in files(tmp_path).items() if ".new" not in name} == before
    asked(it)
    assert len(it.pending) == 1
    assert not [name for name in files(tmp_path) if ".new" in name]


def test_ids_make_names_that_stay_within() -> None:
    base = Path("/x")
    ids = ("CP1", "../a", "..", ".", "a/b", "ü", "A%2E", "DE*ICE*E1")
    folders = [station_folder(base, each) for each in ids]
    assert all(folder.parent == base and folder.name not in (".", "..") for folder in folders)
    assert len(set(folders)) == len(ids)


def test_a_station_is_delivered_with_chains_too() -> None:
    own = owned(store())
    chain = Delivered("V2GCertificate", pem_chain(own.chain), key_pem(own.key))
    held = delivered((chain, *factory_roots()))
    assert CertificateStore(held).usable(NOW)
    assert held.own[0].root == root()
    assert "PRIVATE" not in repr(chain)
    other = key_pem(owned(store(), key_seed=9).key)
    for parts, says in (
        (
            (Delivered("V2GCertificate", pem_chain(own.chain), other), *factory_roots()),
            "is not that",
        ),
        ((chain,), "no chain from a leaf up to a root"),
        ((Delivered("V2GRootCertificate", "x"),), "not a PEM certificate"),
        ((Delivered("V2GCertificate", pem_chain(own.chain)), *factory_roots()), "private key"),
        (
            (Delivered("V2GCertificate", pem(box().certificate("CPO_SUB1"))), *factory_roots()),
            "key",
        ),
    ):
        with pytest.raises(StationError, match=says):
            delivered(parts)
    assert delivered(()) == Held()
