"""The directory of a PKI: who may read what, and files that are there whole or not at all.

Rule: private keys are 0600 in a directory that is 0700, and a key that others may read is refused.
A file is written under another name and then renamed; changes are made under a lock, so that
processes do not cross each other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from simulator.pki.keys import PkiError

if sys.platform != "win32":
    import fcntl

_LOCK = ".lock"


def read_text(path: Path) -> str:
    """Read a text file. Raises PkiError, naming it, when it cannot be read."""
    try:
        return path.read_text("utf-8")
    except OSError as problem:
        raise PkiError(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise PkiError(f"{path}: not a text file") from problem


def read_secret(path: Path) -> str:
    """Read a private key's file. Raises PkiError also when others than its owner may read it."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as problem:
        raise PkiError(f"{path}: cannot be read: {problem.strerror}") from problem
    if sys.platform != "win32" and mode & 0o077:
        raise PkiError(
            f"{path}: others may read this private key (mode {mode:04o}); chmod 600 makes it yours"
        )
    return read_text(path)


def write_out(path: Path, text: str) -> None:
    """Write where a user wants it: through a symbolic link, or into a device or a pipe, which must
    never be replaced by a file; else as `write` does. Raises PkiError.
    """
    if not path.exists() or path.is_file():
        write(Path(os.path.realpath(path)), text)
        return
    try:
        path.write_text(text, "utf-8")
    except OSError as problem:
        raise PkiError(f"{path}: cannot be written: {problem.strerror}") from problem


def write_secret(path: Path, text: str) -> None:
    """Write a private key into a file that its owner alone can read. Raises PkiError, also for
    what is no file: a device or a pipe has other readers.
    """
    if path.exists() and not path.is_file():
        raise PkiError(f"{path}: not a file; a private key is written into nothing else")
    write(Path(os.path.realpath(path)), text, 0o600)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all, with these rights. Raises PkiError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as problem:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise PkiError(f"{path}: cannot be written: {problem.strerror}") from problem


def make_directory(path: Path) -> None:
    """Make a directory for its owner alone. Raises PkiError."""
    try:
        path.mkdir(mode=0o700)
    except OSError as problem:
        raise PkiError(f"{path}: cannot be made: {problem.strerror}") from problem


@contextlib.contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Give a directory to fill, which takes its place at `path` in one step if all goes well.

    Raises PkiError when there is something at `path` already, be it since a moment ago.
    """
    path = path.resolve()
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise PkiError(f"{path}: not an empty directory")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as problem:
        raise PkiError(f"{path}: cannot be made: {problem.strerror}") from problem
    try:
        yield fresh
        fresh.replace(path)
    except OSError as problem:
        raise PkiError(f"{path}: cannot be made: {problem.strerror}") from problem
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def locked(directory: Path | None) -> Iterator[None]:
    """Keep other processes from changing the PKI meanwhile (not on Windows, and not in memory)."""
    if directory is None or sys.platform == "win32":
        yield
        return
    try:
        handle = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise PkiError(f"{directory}: cannot be changed: {problem.strerror}") from problem
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
