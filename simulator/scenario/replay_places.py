"""Where recorded OCPI requests go now: versions, endpoints and free URLs of the live side.

Rule: what the live side tells of its endpoints decides; nothing is guessed but which of two roles
of a module a request was meant for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from simulator.ocpi.connection import RECEIVER, SENDER
from simulator.scenario.replay_match import Memory, is_below, may_differ
from simulator.scenario.replay_talk import OcpiExchange, body_of
from simulator.wire.http import Request

CONFIGURATION = ("versions", "credentials")
# Modules whose objects the live side may name as it likes.
_NAMED_THERE = frozenset({"sessions", "cdrs", "commands"})


class Places:
    """The live side's URLs, as far as they are known, in a memory's `bases`."""

    def __init__(self, memory: Memory, versions_url: str | None) -> None:
        self.versions_url = versions_url
        self.version_urls: dict[str, str] = {}
        self._memory = memory
        # (module, role) -> live endpoint; for 2.1.1, which has no roles, the role is empty.
        self._endpoints: dict[tuple[str, str], str] = {}

    @property
    def known(self) -> bool:
        """True once the endpoints are."""
        return bool(self._endpoints)

    def url_of(self, exchange: OcpiExchange) -> str | None:
        """Where a recorded request goes now; None where that is not known."""
        url = str(exchange.record["url"])
        if exchange.record["module"] in (None, "versions"):
            version = exchange.record["version"]
            return self.version_urls.get(version) if version else self.versions_url
        if url in self._memory.texts:
            return self._memory.texts[url]
        if any(is_below(url, base) for base in self._memory.bases):
            return str(self._memory.put(url))
        endpoint = self._endpoint(exchange)
        if endpoint is None:
            return None
        head, tail = split(url, exchange.module)
        self._memory.bases[head] = endpoint
        return str(self._memory.put(head + tail))

    def learn_versions(self, recorded: Any, live: Any) -> None:
        """Take the live list of versions."""
        old, new = _versions(recorded), _versions(live)
        self.version_urls.update(new)
        for version in old.keys() & new.keys():
            self._memory.texts[old[version]] = new[version]

    def learn_details(self, recorded: Any, live: Any) -> None:
        """Take the live details of a version: its endpoints."""
        old, new = _endpoints(recorded), _endpoints(live)
        self._endpoints.update(new)
        for key in old.keys() & new.keys():
            self._memory.bases[old[key]] = new[key]

    def _endpoint(self, exchange: OcpiExchange) -> str | None:
        module = exchange.module
        roles = {role: url for (name, role), url in self._endpoints.items() if name == module}
        if len(roles) < 2:
            return next(iter(roles.values()), None)
        return roles.get(_role(exchange))


def split(url: str, module: str) -> tuple[str, str]:
    """A URL's beginning up to the module's word, and the rest with its query."""
    path = urlsplit(url).path
    segments = path.split("/")
    if module not in segments:
        return url, ""
    begin = url.index(path) if path else len(url)
    length = len("/".join(segments[: segments.index(module) + 1]))
    return url[: begin + length], url[begin + length :]


def tail(url: str, module: str) -> list[str]:
    """What a URL names behind the module's word, in segments; the role of 2.2 is no part of it."""
    rest = split(url, module)[1].partition("?")[0]
    return [segment for segment in rest.split("/") if segment]


def is_meant(
    turn: OcpiExchange, request: Request, memory: Memory, *, named_there: bool = False
) -> bool:
    """True if a live request asks what a recorded one did; `named_there`: perhaps by another id."""
    if turn.record["method"] != request.method:
        return False
    url = str(memory.put(turn.record["url"]))
    old = [segment for segment in urlsplit(url).path.split("/") if segment]
    new = [segment for segment in request.path.split("/") if segment]
    if len(old) != len(new):
        return False
    differing = [n for n, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    free = [n for n in differing if not may_differ("", old[n], new[n])]
    last = named_there and turn.module in _NAMED_THERE and bool(tail(url, turn.module))
    return not free or (last and free == [len(old) - 1])


def _role(exchange: OcpiExchange) -> str:
    """Whom a request was meant for, of a party that offers a module in both roles."""
    words = urlsplit(exchange.record["url"]).path.lower().split("/")
    for role in (SENDER, RECEIVER):
        if role.lower() in words:
            return role
    method, module = exchange.record["method"], exchange.module
    rest = tail(exchange.record["url"], module)
    asks = method == "GET" and len(rest) != 3
    authorizes = module == "tokens" and method == "POST"
    return SENDER if asks or authorizes else RECEIVER


def _versions(data: Any) -> dict[str, str]:
    return {
        each["version"]: each["url"]
        for each in _list(data)
        if isinstance(each.get("version"), str) and isinstance(each.get("url"), str)
    }


def _endpoints(data: Any) -> dict[tuple[str, str], str]:
    listed = data.get("endpoints") if isinstance(data, Mapping) else None
    return {
        (each["identifier"], str(each.get("role") or "")): each["url"].rstrip("/")
        for each in _list(listed)
        if isinstance(each.get("identifier"), str) and isinstance(each.get("url"), str)
    }


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def data_of(text: str | None) -> Any:
    """The `data` of an OCPI answer's body; None for none."""
    body = body_of(text)
    return body.get("data") if isinstance(body, Mapping) else None
