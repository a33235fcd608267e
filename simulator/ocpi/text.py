"""Bytes and header values from anywhere, as text that a record can hold.

Rule: nothing is lost silently: what is not UTF-8 shows as U+FFFD.
"""

from __future__ import annotations


def text_of(body: bytes) -> str:
    """A body as text."""
    return body.decode("utf-8", "replace")


def printable(value: str) -> str:
    """A header or URL without the lone surrogates that HTTP parsers leave in it."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
