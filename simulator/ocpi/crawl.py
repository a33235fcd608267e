"""The way through a list: which page comes next, and when a list is broken.

Rule: pure. A broken list is never taken for a whole one: what is on no page is no longer valid
(2.2.1 mod_locations, GET), so whoever crawls must know that it saw all. The next page is asked for
with the credentials token, which leaves for no other host than the list's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from simulator.ocpi.headers import TOTAL_COUNT
from simulator.ocpi.paging import parse_link
from simulator.ocpi.text import printable
from simulator.wire.http import Headers

# A list that is still going on after so many pages is taken for endless; one that tells its total
# may have more of them, but not many more objects than it told: some are made while it is read.
MAX_PAGES = 10_000
MAX_PAGES_OF_TOTAL = 100_000
_MORE_THAN_TOLD = 100
_PORTS = {"http": 80, "https": 443}


class BrokenList(Exception):
    """A list that cannot be read to its end: `what` names it for the journal."""

    def __init__(self, what: str, message: str, link: str) -> None:
        super().__init__(message)
        self.what = what
        self.link = printable(link)


class Crawl:
    """One way through one list."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen = {url}
        self._objects = 0

    def after(self, count: int, headers: Headers, page_url: str) -> str | None:
        """The URL after a page of `count` objects; None: that was the last. Raises BrokenList."""
        self._objects += count
        link = parse_link(headers.get("Link"), page_url)
        if link is None:
            return None
        self._check_origin(link)
        total = _whole(headers.get(TOTAL_COUNT))
        if link in self._seen or link == page_url:
            raise _endless("the Link leads back to a page that was read already", link)
        if count == 0:
            raise _endless("a page without objects has a Link to a next one", link)
        if total is not None and self._objects > 2 * total + _MORE_THAN_TOLD:
            told = f"{TOTAL_COUNT} is {total}"
            raise _endless(f"{told}, and after {self._objects} objects there is a next page", link)
        pages = MAX_PAGES if total is None else MAX_PAGES_OF_TOTAL
        if len(self._seen) >= pages:
            raise _endless(f"there is a next page after {pages} of them", link)
        self._seen.add(link)
        return link

    def _check_origin(self, link: str) -> None:
        if _origin(link) != _origin(self._url):
            message = "the Link leads to another host, which would be given the credentials token"
            raise BrokenList("ocpi.link-elsewhere", f"{message}: {printable(link)}", link)


def _endless(message: str, link: str) -> BrokenList:
    return BrokenList("ocpi.list-endless", f"the list has no end: {message}", link)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port of a URL; None for what is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    """A header's whole number."""
    told = (text or "").strip()
    return int(told) if told.isascii() and told.isdecimal() and len(told) <= 18 else None
