"""The URLs of a server: which paths there are in each version, and which verbs each of them offers.

Rule: sender and receiver interfaces have URLs of their own, since both may have paths of three
segments; a path that the specification knows and the actor does not offer is a 405, any other 404,
and so is all of a module that is not offered at all, unless the actor has an answer of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from simulator.ocpi.connection import SENDER, InterfaceRole
from simulator.ocpi.envelope import Json, MethodNotAllowed, NotFound, OcpiError
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.versions import VERSIONS, Interface, Version, ranked
from simulator.wire.http import PathTable, join_url

_VERBS = ("GET", "PUT", "PATCH", "POST", "DELETE")
Unsupported = Callable[[Ctx, list[str]], OcpiError]
Absent = Callable[[Ctx], OcpiError]


class Row(NamedTuple):
    """A route as it stands at its path; the list of versions is itself of no version."""

    version: Version | None
    route: Route


class Directory:
    """The path table of one server."""

    def __init__(self, routes: Iterable[Route], versions: Iterable[str], prefix: str) -> None:
        self.base_url = ""
        self.versions = tuple(sorted(versions, key=ranked))
        self._prefix = prefix.rstrip("/")
        self._routes = tuple(routes)
        self._offered: PathTable[Row] = PathTable()
        self._specified: PathTable[Row] = PathTable()
        self._fill()
        self._endpoints = sorted(
            {
                self._endpoint(number, route.module, route.role)
                for number in self.versions
                for route in self.routes_of(number)
            }
        )
        self._absent = tuple(self._not_offered())

    def _fill(self) -> None:
        self._add(self._offered, None, f"{self._prefix}/versions", self._versions_route())
        for number in self.versions:
            version = VERSIONS[number]
            self._add(self._offered, version, f"{self._prefix}/{number}", self._details_route())
            for route in self.routes_of(number):
                path = f"{self._endpoint(number, route.module, route.role)}/{route.path}"
                self._add(self._offered, version, path, route)
            for interface in self._interfaces(version):
                self._specify(version, interface)

    @staticmethod
    def _add(table: PathTable[Row], version: Version | None, path: str, route: Route) -> None:
        table.add(route.method, path, Row(version, route))

    def _specify(self, version: Version, interface: Interface) -> None:
        base = self._endpoint(version.number, interface.module, interface.role)
        for path, verbs in interface.paths.items():
            for verb in verbs:
                route = Route(interface.module, interface.role, verb, path, _never)
                self._add(self._specified, version, f"{base}/{path}", route)

    def _not_offered(self) -> Iterator[tuple[str, Version, str]]:
        """Where the modules would be that a version of ours, or another one, knows and we lack."""
        known = {(row.module, row.role) for version in VERSIONS.values() for row in version.modules}
        for number in self.versions:
            for module, role in sorted(known):
                endpoint = self._endpoint(number, module, role)
                if endpoint not in self._endpoints:
                    yield endpoint, VERSIONS[number], module

    def routes_of(self, number: str) -> list[Route]:
        """The rows that a version offers."""
        return [route for route in self._routes if number in route.versions]

    def _interfaces(self, version: Version) -> list[Interface]:
        offered = {(route.module, route.role) for route in self.routes_of(version.number)}
        return [row for row in version.modules if (row.module, row.role) in offered]

    # URLs

    @property
    def versions_url(self) -> str:
        """Where everything begins."""
        return f"{self.base_url}{self._prefix}/versions"

    def details_url(self, number: str) -> str:
        """The version details endpoint."""
        return f"{self.base_url}{self._prefix}/{number}"

    def endpoint_url(self, number: str, module: str, role: InterfaceRole, *segments: str) -> str:
        """The URL of a module's endpoint, or of a path below it."""
        return join_url(f"{self.base_url}{self._endpoint(number, module, role)}", *segments)

    def _endpoint(self, number: str, module: str, role: InterfaceRole) -> str:
        if module == "credentials":
            return f"{self._prefix}/{number}/credentials"
        return f"{self._prefix}/{number}/{role.lower()}/{module}"

    # Finding

    def find(self, ctx: Ctx) -> list[str]:
        """Set module, version, route and parameters of a request.

        Where its path does not offer the verb, the route stays None, and the verbs that it does
        offer are returned. A path that lacks the slash behind an endpoint is noted `unslashed`.
        Raises NotFound (404) for a path that is not here; version and module are set where it
        belongs to a module that is not offered.
        """
        path = ctx.request.path
        row = self._look(ctx, path)
        if row is None and (mended := self._mended(path)) is not None:
            ctx.notes["unslashed"] = path
            path, row = mended, self._look(ctx, mended)
        if row is None:
            raise self._nothing(ctx, path)
        ctx.used, ctx.module = row.version, row.route.module
        return [] if ctx.route is not None else self._offered.methods(path)

    def _nothing(self, ctx: Ctx, path: str) -> NotFound:
        """The 404 for a path: endpoints are discovered, never built."""
        for endpoint, version, module in self._absent:
            if path == endpoint or path.startswith(f"{endpoint}/"):
                ctx.used, ctx.module = version, module
        for number in self.versions:
            if path.startswith(f"{self._prefix}/{number}/"):
                listed = self.details_url(number)
                return NotFound(f"nothing is at {path}; the endpoints of OCPI {number}: {listed}")
        return NotFound(f"nothing is at {path}; the versions are listed at {self.versions_url}")

    def _look(self, ctx: Ctx, path: str) -> Row | None:
        """What is at a path, whatever its verbs; sets the route where it offers this one."""
        match = self._offered.match(ctx.method, path)
        if match is not None:
            ctx.route, ctx.params = match.row.route, match.params
            return match.row
        return self._any(self._offered, path) or self._any(self._specified, path)

    def _mended(self, path: str) -> str | None:
        """The path with the slash that some clients leave out behind an endpoint's URL."""
        for endpoint in self._endpoints:
            rest = path.removeprefix(endpoint)
            if rest != path and rest and not rest.startswith("/"):
                return f"{endpoint}/{rest}"
        return None

    @staticmethod
    def _any(table: PathTable[Row], path: str) -> Row | None:
        for method in table.methods(path):
            if (match := table.match(method, path)) is not None:
                return match.row
        return None

    # The versions module

    def _versions_route(self) -> Route:
        return Route("versions", SENDER, "GET", "", self._list_versions)

    def _details_route(self) -> Route:
        return Route("versions", SENDER, "GET", "", self._list_endpoints)

    async def _list_versions(self, _ctx: Ctx) -> Result:
        return Result([{"version": n, "url": self.details_url(n)} for n in self.versions])

    async def _list_endpoints(self, ctx: Ctx) -> Result:
        version = ctx.version
        endpoints: list[Json] = []
        for module, role in dict.fromkeys(
            (route.module, route.role) for route in self.routes_of(version.number)
        ):
            endpoint = {"identifier": module}
            if version.endpoint_roles:
                endpoint["role"] = role
            endpoint["url"] = self.endpoint_url(version.number, module, role)
            endpoints.append(endpoint)
        return Result({"version": version.number, "endpoints": endpoints})


def module_table(routes: Iterable[Route], versions: Iterable[str]) -> list[dict[str, Any]]:
    """Each module of each version from either side: the verbs that these routes take, and those
    that the version has and that are refused. Credentials are taken whole, by every server.
    """
    taken: dict[tuple[str, str, str], set[str]] = {}
    for route in routes:
        for number in route.versions:
            taken.setdefault((number, route.module, route.role), set()).add(route.method)
    return [
        _module(number, row, taken.get((number, row.module, row.role), set()))
        for number in sorted(versions, key=ranked)
        for row in VERSIONS[number].modules
    ]


def _module(number: str, row: Interface, taken: set[str]) -> dict[str, Any]:
    known = {verb for verbs in row.paths.values() for verb in verbs}
    taken = known if row.module == "credentials" else taken
    return {
        "version": number,
        "module": row.module,
        "role": row.role,
        "taken": [verb for verb in _VERBS if verb in taken],
        "refused": [verb for verb in _VERBS if verb in known - taken],
    }


def not_supported(ctx: Ctx, offered: list[str]) -> OcpiError:
    """The usual refusal of a verb."""
    instead = f"; here is: {', '.join(offered)}" if offered else ""
    return MethodNotAllowed(f"{ctx.method} is not supported here{instead}")


async def _never(_ctx: Ctx) -> Result:
    raise AssertionError("a row that only tells what the specification knows")
