"""Where chains and keys lie: two files of one name, and what is told of broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.kernel.chance import Chance
from simulator.pki.keys import PkiError, draw_key, key_pem
from simulator.pki.ledger import Row
from simulator.pki.shelf import Shelf
from tests.simulator.pki.chains import NOW, links, make

MADE = make(links(2))
SERIAL = f"{MADE.chain[0].serial_number:x}"
ROW = Row(SERIAL, "CONTRACT", "MO_SUB2", "DE8PSCOO13A3LZ3", NOW, NOW, "car")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shelf = Shelf(tmp_path)
    shelf.prepare()
    shelf.put("car", tuple(MADE.chain), MADE.keys[0])
    return tmp_path


def test_what_is_put_is_there_without_a_directory_too(folder: Path) -> None:
    memory = Shelf()
    memory.prepare()
    memory.put("car", tuple(MADE.chain), MADE.keys[0])
    for shelf in (memory, Shelf(folder)):
        issued = shelf.issued(ROW)
        assert list(issued.chain) == MADE.chain
        assert key_pem(issued.key) == key_pem(MADE.keys[0])


def test_directories_and_keys_are_their_owners(folder: Path) -> None:
    modes = {
        path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777
        for path in folder.rglob("*")
    }
    assert modes == {
        "certificates": 0o700, "keys": 0o700, "certificates/car.pem": 0o644, "keys/car.pem": 0o600,
    }  # fmt: skip


def test_a_key_that_was_never_here_is_told(tmp_path: Path) -> None:
    for shelf in (Shelf(), Shelf(tmp_path)):
        shelf.prepare()
        shelf.put("car", tuple(MADE.chain), None)
        assert list(shelf.chain(ROW)) == MADE.chain
        with pytest.raises(PkiError, match="car: its key is not here"):
            shelf.issued(ROW)


@pytest.mark.parametrize("part", ["certificates", "keys"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
def test_a_half_written_file_is_told_by_its_name(folder: Path, part: str, share: float) -> None:
    path = folder / part / "car.pem"
    text = path.read_text()
    path.write_text(text[: int(len(text) * share)])
    with pytest.raises(PkiError, match=f"{part}/car.pem: not"):
        Shelf(folder).issued(ROW)


def test_a_chain_cut_between_two_certificates_is_told(folder: Path) -> None:
    path = folder / "certificates" / "car.pem"
    blocks = path.read_text().split("-----BEGIN", 2)
    path.write_text("-----BEGIN".join(blocks[:2]))
    with pytest.raises(PkiError, match="not the whole chain"):
        Shelf(folder).chain(ROW)


def test_files_of_another_certificate_are_told(folder: Path) -> None:
    shelf = Shelf(folder)
    shelf.put("other", tuple(make(links(2), seed=2).chain), draw_key(Chance(5), "P-256"))
    (folder / "keys" / "other.pem").replace(folder / "keys" / "car.pem")
    with pytest.raises(PkiError, match=r"keys/car\.pem: not the key of the certificate"):
        Shelf(folder).issued(ROW)
    (folder / "certificates" / "other.pem").replace(folder / "certificates" / "car.pem")
    with pytest.raises(PkiError, match="not the whole chain of certificate"):
        Shelf(folder).chain(ROW)


def test_a_missing_certificate_and_an_open_key_are_told(folder: Path) -> None:
    (folder / "keys" / "car.pem").chmod(0o644)
    with pytest.raises(PkiError, match=r"keys/car\.pem: others may read"):
        Shelf(folder).issued(ROW)
    (folder / "certificates" / "car.pem").unlink()
    with pytest.raises(PkiError, match="cannot be read: No such file"):
        Shelf(folder).chain(ROW)
