"""The book of a PKI: what it keeps, and what it says of a file that is not whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pki.keys import PkiError
from simulator.pki.ledger import Issue, Ledger, Revocation
from tests.simulator.pki.chains import NOW


def issue(serial: str, name: str = "one", spec: str = "CONTRACT") -> Issue:
    return Issue(serial, spec, "MO_SUB2", name, NOW, NOW + timedelta(days=1), f"file-{serial}")


def serials(book: Ledger) -> list[str]:
    return [row.serial for row in book.rows()]


@pytest.fixture(params=["memory", "file"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book" if request.param == "file" else None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "book"
    Ledger(path).append(issue("a1"), issue("b2", "two"))
    return path


def test_what_is_issued_is_listed_and_found(book: Ledger) -> None:
    book.append(issue("a1"))
    book.append(issue("b2", "two"), issue("c3", "one"))
    assert serials(book) == ["a1", "b2", "c3"]
    row = book.row("b2")
    assert row
    assert (row.common_name, row.spec, row.issuer) == ("two", "CONTRACT", "MO_SUB2")
    assert (row.not_before, row.not_after) == (NOW, NOW + timedelta(days=1))
    assert not row.revoked
    assert book.row("ff") is None


def test_a_revocation_has_its_first_date(book: Ledger) -> None:
    book.append(issue("a1"), issue("b2"))
    book.append(Revocation("a1", NOW, "keyCompromise"))
    book.append(Revocation("a1", NOW + timedelta(days=1), "superseded"))
    row = book.row("a1")
    assert row
    assert (row.revoked_at, row.revocation_reason) == (NOW, "keyCompromise")
    assert [one.revoked for one in book.rows()] == [True, False]


def test_names_of_all_kinds_find(book: Ledger) -> None:
    book.append(
        issue("a1", "DE8PSCOO13A3LZ3"),
        issue("b2", "DE*ICE*E1", "SECC"),
        issue("c3", "DE8PSCOO13A3LZ"),
    )
    found = {
        name: [row.serial for row in book.find(name)]
        for name in ("a1", "0A1", "0xa1", "DE*ICE*E1", "secc", "contract", "DE8PSCOO13A3LZ3",
                     "de-8ps-coo13a3lz", "DE-8PS-COO13A3LZ-3", "nobody", "")
    }  # fmt: skip
    assert found == {
        "a1": ["a1"], "0A1": ["a1"], "0xa1": ["a1"], "DE*ICE*E1": ["b2"], "secc": ["b2"],
        "contract": ["a1", "c3"], "DE8PSCOO13A3LZ3": ["a1"], "de-8ps-coo13a3lz": ["a1", "c3"],
        "DE-8PS-COO13A3LZ-3": ["a1", "c3"], "nobody": [], "": [],
    }  # fmt: skip
    assert book.names() == {"CONTRACT", "SECC", "DE8PSCOO13A3LZ3", "DE*ICE*E1", "DE8PSCOO13A3LZ"}


def test_two_see_what_each_other_writes(path: Path) -> None:
    mine, yours = Ledger(path), Ledger(path)
    assert serials(mine) == serials(yours) == ["a1", "b2"]
    mine.append(issue("c3"))
    yours.refresh()
    yours.append(Revocation("c3", NOW, "unspecified"))
    row = mine.row("c3")
    assert row
    assert row.revoked


def test_an_unfinished_line_does_not_count_until_it_is_finished(path: Path) -> None:
    book = Ledger(path)
    whole = path.read_bytes()
    Ledger(other := path.with_name("other")).append(issue("c3"))
    line = other.read_bytes()
    path.write_bytes(whole + line[:20])
    assert serials(book) == ["a1", "b2"]
    with path.open("ab") as file:
        file.write(line[20:])
    assert serials(book) == ["a1", "b2", "c3"]


@pytest.mark.parametrize("length", [1, 20, 5_000])
def test_what_is_written_next_takes_the_place_of_an_unfinished_line(
    path: Path, length: int
) -> None:
    with path.open("ab") as file:
        file.write(b'{"event": "issued", "serial": "'.ljust(length, b"f")[:length])
    book = Ledger(path)
    book.refresh()
    book.append(issue("c3"))
    assert serials(Ledger(path)) == ["a1", "b2", "c3"]
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n", b"{}\n", b'{"event": "born"}\n', b"\xff\n", b"\n",
        b'{"event": "revoked", "serial": "ff", "at": "2031-05-01T12:00:00Z", "reason": "x"}\n',
    ],
)  # fmt: skip
def test_a_line_that_is_no_event_is_told_with_its_number(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)
    with pytest.raises(PkiError, match="book, line 3: no event of this book"):
        Ledger(path).refresh()


@given(st.binary())
def test_any_bytes_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("book") / "book"
    path.write_bytes(data)
    try:
        list(Ledger(path).rows())
    except PkiError as problem:
        assert str(path) in str(problem)


def test_another_book_in_its_place_is_told(path: Path) -> None:
    book = Ledger(path)
    book.refresh()
    new = path.with_name("new")
    Ledger(new).append(issue("d4"), issue("e5"), issue("f6"))
    new.replace(path)
    with pytest.raises(PkiError, match="another PKI took its place"):
        book.row("a1")


def test_a_shortened_book_is_told(path: Path) -> None:
    book = Ledger(path)
    book.refresh()
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(PkiError, match="another PKI took its place"):
        book.row("a1")


def test_a_missing_book_is_told(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="book: cannot be read: No such file"):
        Ledger(tmp_path / "book").refresh()
    with pytest.raises(PkiError, match="cannot be written"):
        Ledger(tmp_path / "no" / "book").append(issue("a1"))
