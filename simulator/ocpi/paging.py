"""Lists by the page: query parameters, windows, and the Link, X-Total-Count and X-Limit headers.

Rule: `date_from` is inclusive, `date_to` exclusive; the total respects the dates and nothing else
(OCPI 2.2.1 transport_and_format, "Pagination").
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from simulator.kernel.clock import parse_rfc3339
from simulator.ocpi.envelope import InvalidParameters
from simulator.ocpi.headers import LIMIT, TOTAL_COUNT
from simulator.ocpi.types import DATE_TIME

T = TypeVar("T")

DEFAULT_LIMIT = 100
_COUNT = re.compile(r"[0-9]{1,18}")
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,]*))?)*)")
_NEXT = re.compile(r";\s*rel\s*=\s*\"?(?:[^\";]*\s)?next(?:\s[^\";]*)?\"?\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """What a client asked for, within the server's limit. `others` are further filters, kept in
    links.
    """

    offset: int = 0
    limit: int = DEFAULT_LIMIT
    date_from: datetime | None = None
    date_to: datetime | None = None
    max_limit: int = DEFAULT_LIMIT
    filters: Mapping[str, str] = field(default_factory=dict)

    def holds(self, last_updated: str) -> bool:
        """True if an object of this DateTime is within the dates. Raises ValueError."""
        if self.date_from is None and self.date_to is None:
            return True
        changed = parse_rfc3339(last_updated)
        return (self.date_from is None or self.date_from <= changed) and (
            self.date_to is None or changed < self.date_to
        )


def parse_page(
    query: Mapping[str, str], *, max_limit: int = DEFAULT_LIMIT, date_from_required: bool = False
) -> Page:
    """Read the query of a list. Raises InvalidParameters (2001), naming the parameter.

    `date_from` is required for sessions (2.2.1 mod_sessions, GET).
    """
    limit = _count(query, "limit", max_limit)
    if limit < 1:
        raise InvalidParameters("limit: expected a whole number from 1, not 0")
    if date_from_required and not query.get("date_from"):
        raise InvalidParameters("date_from: this list needs it")
    date_from, date_to = _moment(query, "date_from"), _moment(query, "date_to")
    return Page(
        offset=_count(query, "offset", 0),
        limit=min(limit, max_limit),
        date_from=date_from,
        date_to=date_to,
        max_limit=max_limit,
        filters={k: v for k, v in query.items() if k not in ("offset", "limit")},
    )


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not _COUNT.fullmatch(text):
        raise InvalidParameters(f"{name}: expected a whole number, not {text!r}")
    return int(text)


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        if not DATE_TIME.fullmatch(text):
            raise ValueError(text)
        return parse_rfc3339(text)
    except ValueError as error:
        raise InvalidParameters(
            f"{name}: expected a DateTime in UTC like 2026-01-15T07:00:00Z, not {text!r}"
        ) from error


@dataclass(frozen=True, slots=True)
class Window(Generic[T]):
    """The objects of one page, and how many there are in all."""

    items: Sequence[T]
    total: int
    page: Page

    def headers(self, url: str) -> dict[str, str]:
        """The headers of the page; `url` is the list's own, its query is ignored."""
        fields = {TOTAL_COUNT: str(self.total), LIMIT: str(self.page.max_limit)}
        if (link := next_link(url, self.page, self.total)) is not None:
            fields["Link"] = link
        return fields


def window(items: Iterable[Mapping[str, Any]], page: Page) -> Window[Mapping[str, Any]]:
    """Cut a page out of objects that come in their order of creation.

    An object without a readable `last_updated` is outside every date filter.
    """
    chosen = [item for item in items if _within(item, page)]
    return Window(chosen[page.offset : page.offset + page.limit], len(chosen), page)


def _within(item: Mapping[str, Any], page: Page) -> bool:
    try:
        return page.holds(item.get("last_updated", ""))
    except (ValueError, TypeError):
        return False


def next_link(url: str, page: Page, total: int) -> str | None:
    """The Link header to the page after this one; None on the last."""
    offset = page.offset + page.limit
    if offset >= total:
        return None
    query = urlencode({"offset": offset, "limit": page.limit, **page.filters}, safe=":")
    scheme, host, path, _, _ = urlsplit(url)
    return f'<{urlunsplit((scheme, host, path, query, ""))}>; rel="next"'


def parse_link(header: str | None, base_url: str = "") -> str | None:
    """The URL of the `next` link in a Link header; a relative one is joined to `base_url`.

    None where there is none, or none that is a URL.
    """
    for link in _LINK.finditer(header or ""):
        if _NEXT.search(link[2]):
            with contextlib.suppress(ValueError):
                return urljoin(base_url, str(link[1]))
    return None


def with_query(url: str, parameters: Mapping[str, object]) -> str:
    """Add query parameters to a URL that may have some; None values are left out."""
    return _with_query(url, parameters) if parameters else _spelled(url)


@lru_cache(maxsize=256)  # the same few endpoints are asked again and again
def _spelled(url: str) -> str:
    return _with_query(url, {})


def _with_query(url: str, parameters: Mapping[str, object]) -> str:
    scheme, host, path, query, fragment = urlsplit(url)
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs += [(name, str(value)) for name, value in parameters.items() if value is not None]
    return urlunsplit((scheme, host, path, urlencode(pairs, safe=":"), fragment))
