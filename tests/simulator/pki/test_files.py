"""Files of a PKI: rights, whole writes, locks, and clear words where something is in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from simulator.pki.files import (
    locked,
    make_directory,
    new_directory,
    read_secret,
    read_text,
    write,
    write_out,
    write_secret,
)
from simulator.pki.keys import PkiError

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write anything")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    write(path, "one")
    write(path, "two")
    assert read_text(path) == "two"
    assert [one.name for one in tmp_path.iterdir()] == ["a.pem"]


def test_a_secret_is_its_owners_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    before = os.umask(0)
    try:
        write(path, "secret", 0o600)
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert read_secret(path) == "secret"


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o660, 0o622, 0o644])
def test_a_secret_that_others_may_read_is_refused(rights: int, tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write(path, "secret", 0o600)
    path.chmod(rights)
    with pytest.raises(PkiError, match=rf"a\.key: others may .*mode {rights:04o}.*chmod 600"):
        read_secret(path)


def test_a_stricter_secret_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write(path, "secret", 0o600)
    path.chmod(0o400)
    assert read_secret(path) == "secret"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for read in (read_text, read_secret):
        with pytest.raises(PkiError, match="missing: cannot be read: No such file"):
            read(tmp_path / "missing")
    with pytest.raises(PkiError, match="Is a directory"):
        read_text(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PkiError, match="binary: not a text file"):
        read_text(tmp_path / "binary")


@as_root
def test_rights_that_forbid_reading_or_writing_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, "x", 0o600)
    path.chmod(0)
    with pytest.raises(PkiError, match="Permission denied"):
        read_text(path)
    tmp_path.chmod(0o500)
    try:
        for change in (lambda: write(tmp_path / "b", "x"), lambda: make_directory(tmp_path / "c")):
            with pytest.raises(PkiError, match="Permission denied"):
                change()
        with pytest.raises(PkiError, match="Permission denied"), locked(tmp_path):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_what_cannot_be_written_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PkiError, match="cannot be written: No such file"):
        write(tmp_path / "no" / "a", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(PkiError, match="folder: cannot be written"):
        write(tmp_path / "folder", "x")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_what_a_user_names_is_written_through_links(tmp_path: Path) -> None:
    for act, name in ((write_out, "a"), (write_secret, "b")):
        link = tmp_path / f"{name}.link"
        link.symlink_to(tmp_path / name)
        for text in ("one", "two"):
            act(link, text)
            assert (tmp_path / name).read_text() == text
        assert link.is_symlink()
    assert mode(tmp_path / "b") == 0o600


@pytest.mark.skipif(os.name != "posix", reason="no such pipes here")
def test_a_pipe_stays_one_and_takes_no_secret(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_out(pipe, "text")
        assert os.read(reader, 100) == b"text"
        with pytest.raises(PkiError, match="pipe: not a file; a private key"):
            write_secret(pipe, "secret")
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_where_nothing_can_be_written_out_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="cannot be written: Is a directory"):
        write_out(tmp_path, "text")


def test_a_new_directory_is_its_owners_and_appears_at_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pki"
    with new_directory(path) as fresh:
        (fresh / "a").write_text("x")
        assert not path.exists()
    assert (path / "a").read_text() == "x"
    assert mode(path) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["pki"]


def test_an_empty_directory_may_be_taken(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    with new_directory(tmp_path / "pki") as fresh:
        (fresh / "a").write_text("x")
    assert (tmp_path / "pki" / "a").exists()


def test_a_used_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("mine")
    for place in ("file", "folder"):
        with (
            pytest.raises(PkiError, match=f"{place}: not an empty directory"),
            new_directory(tmp_path / place),
        ):
            pytest.fail("there was nothing to fill")
    assert (tmp_path / "file").read_text() == "mine"


def test_who_comes_second_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pki"
    with pytest.raises(PkiError, match="pki: cannot be made"), new_directory(path) as second:
        (second / "a").write_text("second")
        with new_directory(path) as first:
            (first / "a").write_text("first")
    assert (path / "a").read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["pki"]


def test_what_goes_wrong_while_filling_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_directory(tmp_path / "pki"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_no_directory_can_be_made_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PkiError, match="cannot be made"), new_directory(tmp_path / "file" / "pki"):
        pass
    with pytest.raises(PkiError, match="cannot be made: File exists"):
        make_directory(tmp_path)


@pytest.mark.real
def test_the_lock_keeps_another_process_out(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from simulator.pki.files import locked
        folder = Path(sys.argv[1])
        print("waiting", flush=True)
        with locked(folder):
            print((folder / "said").read_text(), flush=True)
        """
    )
    with locked(tmp_path):
        other = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert other.stdout
        assert other.stdout.readline() == "waiting\n"
        (tmp_path / "said").write_text("after the lock")
    said, _ = other.communicate(timeout=60)
    assert said == "after the lock\n"
    assert other.returncode == 0


def test_in_memory_there_is_nothing_to_lock() -> None:
    with locked(None), locked(None):
        pass
