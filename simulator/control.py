"""The control API of a running world, over HTTP: the verbs of STEPS, what there is, the journal.

Rule: whatever is done here is a step, and a call answers when it has taken effect. Nothing a caller
sends can wedge or break the world: steps are bounded in time, and a wrong one is an answer.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from copy import copy
from typing import Any

import msgspec

from simulator.control_call import Call, ControlError, Row
from simulator.control_openapi import openapi
from simulator.control_stages import StageCalls
from simulator.kernel import filters
from simulator.kernel.filter_rows import LACKING, OfRecord
from simulator.kernel.journal import LEGS, Record
from simulator.mistakes import Mistake, did_you_mean
from simulator.scenario.dealings import dealings
from simulator.scenario.expect import ExpectationFailed
from simulator.scenario.gauges import Gauges
from simulator.scenario.meter import SECONDS, WINDOW_S
from simulator.scenario.snapshot import holding, snapshot
from simulator.scenario.stage import play_here
from simulator.scenario.stages import Stages
from simulator.scenario.step import Play, StepError, StepFailed
from simulator.scenario.steps import STEPS, perform
from simulator.wire.exposure import is_address
from simulator.wire.http import Headers, Leaving, PathTable, Request, Response
from simulator.wire.http_aio import HttpFailure, HttpServer
from simulator.world import World

PREFIX = "/v1"
PAGE = 1000  # the most records of one answer
_JSON = Headers({"Content-Type": "application/json"})
_NDJSON = Headers({"Content-Type": "application/x-ndjson"})
# Records that a slow reader of the stream may lag behind; then its stream ends.
LAG = 10_000
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Control:
    """Serve the control API of one world.

    `token`: what callers must bear; without one anybody on this machine may call, but no web page.
    """

    def __init__(
        self, world: World, *, host: str = "127.0.0.1", port: int = 8000, token: str | None = None
    ) -> None:
        self._world = world
        self._play = Play(world)
        self.stages = Stages(world)
        self._gauges = Gauges(world)
        self._token = token
        self._readers: set[asyncio.Queue[Record | None]] = set()
        self._server = HttpServer(
            self.handle, world.clock, host=host, port=port, on_too_long=self.handle, outside=True
        )
        self._table: PathTable[Row] = PathTable()
        for row in self.rows():
            self._table.add(row.method, f"{PREFIX}{row.path}", row)

    def rows(self) -> tuple[Row, ...]:
        """The table."""
        records = {
            "after": "only records after this number",
            "limit": f"at most so many, up to {PAGE}",
            "leg": "only this leg: ocpp, ocpi, event, finding, step, fault",
            "session": "only this session",
            "filter": "only what this filter picks (docs/tui.md), as in ~cp DE-AC-1 & ~err",
        }
        return (
            Row("GET", "/openapi.json", "This table, as OpenAPI 3.1.", self._openapi),
            Row("GET", "/world", "All that its actors know.", self._snapshot),
            Row("GET", "/dealings", "What CPO, peers and EMPs have with each other.",
                self._dealings),
            Row("GET", "/stations", "The stations.", self._stations),
            Row("GET", "/stations/{id}", "One station.", self._station),
            Row("GET", "/sessions", "The sessions that go on at the CPO.", self._sessions),
            Row("GET", "/cdrs", "The CPO's CDRs and what became of them.", self._cdrs),
            Row("GET", "/findings", "The rules that were broken.", self._findings, records),
            Row("GET", "/journal", "Records, oldest first.", self._journal, records),
            Row("GET", "/journal/stream", "Records as they come, NDJSON, until you close.",
                self._stream, records),
            Row("GET", "/metrics", "Figures over the last minutes: rates, latency, failures.",
                self._metrics, {"over": f"real seconds that rates are of, 1 to {SECONDS}"}),
            Row("GET", "/clock", "What time it is, how fast it goes, if it stands.", self._clock),
            Row("GET", "/steps", "Every verb, with its arguments.", self._steps),
            Row("POST", "/steps/{name}", "Perform a step; answers when it has taken effect.",
                self._perform, takes="the step's arguments, as in a scenario file"),
            Row("GET", "/faults", "The faults that are placed, and how often each has struck.",
                self._faults),
            Row("GET", "/held", "The messages that are held on their way, and what is intercepted.",
                self._held),
            Row("POST", "/scenarios", "Play steps one after the other; answers with the verdict.",
                self._scenario, takes="a name, and steps as a scenario file has them"),
            *StageCalls(self.stages).rows(),
            Row("POST", "/wait", "Wait until something has happened; 408 with the nearest misses.",
                self._wait, {"after": "look at records after this number; default: the last step"},
                takes="what to look for, as in the step expect"),
        )  # fmt: skip

    # Life

    @property
    def url(self) -> str:
        """Where it is, once started."""
        return f"{self._server.base_url}{PREFIX}"

    async def start(self) -> None:
        """Listen. Raises BindError."""
        await self._server.start()

    async def stop(self) -> None:
        """Let every reader go and stop listening."""
        for reader in tuple(self._readers):
            reader.put_nowait(None)
        await self.stages.close()
        await self._server.stop()
        self._play.sightings.close()
        self._gauges.close()

    # Answering

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            given = await self._serve(request)
        except ControlError as error:
            return _respond(error.status, {"error": str(error), **error.more})
        except Exception as error:
            told = f"internal error: {type(error).__name__}: {error}"
            return _respond(500, {"error": told.encode(errors="replace").decode()})
        return given if isinstance(given, Response) else _respond(200, given)

    async def _serve(self, request: Request) -> Any:
        self._admit(request)
        if request.too_long is not None:
            raise ControlError(413, f"the body is longer than {request.too_long} bytes")
        match = self._table.match(request.method, request.path)
        if match is None:
            offered = ", ".join(self._table.methods(request.path))
            if offered:
                raise ControlError(405, f"{request.method} is not offered here; {offered} is")
            raise ControlError(404, f"nothing is at {request.path}; see {PREFIX}/openapi.json")
        row = match.row
        for name in request.query:
            if name not in row.query:
                hint = did_you_mean(name, row.query)
                raise ControlError(400, f"no query parameter '{name}' is known here.{hint}")
        body = _decoded(request.body) if row.takes is not None else None
        return await row.handler(Call(match.params, request.query, body, request.left))

    def _admit(self, request: Request) -> None:
        """Raises ControlError for a caller without the token, or for a web page's script."""
        if self._token is not None:
            told = request.headers.get("Authorization", "")
            if not hmac.compare_digest(told.encode(), f"Bearer {self._token}".encode()):
                raise ControlError(401, "the header Authorization: Bearer TOKEN is needed")
        elif "Origin" in request.headers or not is_address(request.headers.get("Host", "")):
            raise ControlError(403, "web pages may not call this: start it with a token for that")

    # What there is

    async def _openapi(self, call: Call) -> Any:
        return openapi(self.rows(), PREFIX)

    async def _snapshot(self, call: Call) -> Any:
        return await snapshot(self._world)

    async def _dealings(self, call: Call) -> Any:
        return await dealings(self._world)

    async def _stations(self, call: Call) -> Any:
        return {name: station.snapshot() for name, station in self._world.stations.items()}

    async def _station(self, call: Call) -> Any:
        name, known = call.params["id"], self._world.stations
        if name not in known:
            raise ControlError(404, f"no station '{name}'.{did_you_mean(name, known)}")
        return known[name].snapshot()

    async def _sessions(self, call: Call) -> Any:
        return self._cpo()["sessions"]

    async def _cdrs(self, call: Call) -> Any:
        return self._cpo()["cdrs"]

    def _cpo(self) -> dict[str, Any]:
        try:
            return self._world.cpo.snapshot()
        except Mistake as error:
            raise ControlError(409, str(error)) from error

    async def _metrics(self, call: Call) -> Any:
        over_s = call.number("over", WINDOW_S)
        if not 1 <= over_s <= SECONDS:
            raise ControlError(400, f"over: expected 1 to {SECONDS} seconds, not {over_s}")
        return self._gauges.figures(over_s)

    async def _clock(self, call: Call) -> Any:
        clock = self._world.clock
        return {
            "now": clock.now(), "clock": str(clock), "held": clock.held, "factor": clock.factor,
            "paused": clock.paused,
        }  # fmt: skip

    async def _steps(self, call: Call) -> Any:
        return [
            {
                "name": step.name,
                "group": step.group,
                "help": step.help,
                "primary": step.primary,
                "arguments": [
                    {"name": a.name, "kind": a.kind.value, "help": a.help, "required": a.required}
                    for a in step.args
                ],
            }
            for step in STEPS.values()
        ]

    # The journal

    async def _findings(self, call: Call) -> Any:
        return self._page(call, leg="finding")

    async def _journal(self, call: Call) -> Any:
        return self._page(call)

    def _page(self, call: Call, leg: str | None = None) -> dict[str, Any]:
        """Records, and the number to go on after."""
        limit = min(call.number("limit", PAGE), PAGE)
        wanted, last = _wanted(call, leg), call.number("after", 0)
        taken: list[Record] = []
        for record in self._world.journal.since(last):
            if len(taken) >= limit:
                break
            last = record["seq"]
            if wanted(record):
                taken.append(record)
        return {"records": taken, "next": last, "last": self._world.journal.seq}

    async def _stream(self, call: Call) -> Response:
        after = call.number("after", self._world.journal.seq)
        return Response(200, _NDJSON, stream=self._records(after, _wanted(call), call.left))

    async def _records(
        self, after: int, wanted: Callable[[Record], bool], left: Leaving | None
    ) -> AsyncIterator[bytes]:
        """Those that are there, then each as it comes, until the reader has `left`; who lags too
        far behind is let go.
        """
        queue: asyncio.Queue[Record | None] = asyncio.Queue()

        def end(_: object) -> None:
            queue.put_nowait(None)

        def hear(record: Record) -> None:
            if queue.qsize() > most:
                leave()
                queue.put_nowait(None)
            elif wanted(record):
                queue.put_nowait(record)

        for record in filter(wanted, self._world.journal.since(after)):
            queue.put_nowait(record)
        most = queue.qsize() + LAG  # what was there already is no lag
        leave = self._world.journal.subscribe(hear)
        self._readers.add(queue)
        if left is not None:  # there may be nothing to tell it, for ever
            left.add_done_callback(end)
        try:
            yield b""  # the head goes out at once
            while (next_one := await queue.get()) is not None:
                yield _encode(next_one) + b"\n"
        finally:
            leave()
            self._readers.discard(queue)
            if left is not None:
                left.remove_done_callback(end)

    # Doing

    async def _perform(self, call: Call) -> Any:
        name = call.params["name"]
        if name not in STEPS:
            raise ControlError(404, f"no step '{name}'.{did_you_mean(name, STEPS)}")
        seq = self._world.journal.seq
        result = await self._done(self._play, name, call.body)
        return {"result": result, "after": seq, "seq": self._world.journal.seq}

    async def _faults(self, call: Call) -> Any:
        return self._world.faults.board.list()

    async def _held(self, call: Call) -> Any:
        return holding(self._world)

    async def _scenario(self, call: Call) -> Any:
        body = call.body if isinstance(call.body, dict) else {}
        steps, name = body.get("steps"), body.get("name", "scenario")
        if not isinstance(steps, list) or not steps or not isinstance(name, str):
            raise ControlError(400, "expected a mapping with a list of steps, perhaps a name")
        unknown = set(body) - {"name", "steps"}
        if unknown:
            told = ", ".join(sorted(unknown))
            raise ControlError(400, f"{told}: a running world takes a name and steps, no more")
        return (await play_here(self._world, name, steps)).to_json()

    async def _wait(self, call: Call) -> Any:
        play = copy(self._play)  # what was seen is the same for all, where one looks from is not
        play.variables, play.cursor = {}, call.number("after", self._last_step())
        return {"result": await self._done(play, "expect", call.body)}

    def _last_step(self) -> int:
        """The record of the last step that did something, whoever made it; 0 if none has."""
        told = (r for r in reversed(self._world.journal.records) if r["leg"] == "step")
        return next((r["seq"] for r in told if _acts(r["step"])), 0)

    async def _done(self, play: Play, name: str, given: Any) -> Any:
        """Perform a step. Raises ControlError: 408 not seen in time, 409 not done, 400 wrong."""
        try:
            return await perform(play, name, given)
        except ExpectationFailed as error:
            raise ControlError(408, str(error), details=error.details) from error
        except StepFailed as error:
            raise ControlError(409, str(error)) from error
        except StepError as error:
            raise ControlError(400, str(error)) from error
        except (Mistake, TimeoutError, OSError, HttpFailure) as error:
            raise ControlError(409, str(error) or type(error).__name__) from error


def _acts(name: str) -> bool:
    """True for a verb that does something; others look or talk."""
    return name in STEPS and STEPS[name].acts


def _wanted(call: Call, leg: str | None = None) -> Callable[[Record], bool]:
    """Which records a call asks for. Raises ControlError."""
    leg, session = leg or call.query.get("leg"), call.query.get("session")
    if leg is not None and leg not in LEGS:
        raise ControlError(400, f"leg: no leg '{leg}'.{did_you_mean(leg, LEGS)}")
    try:
        picks = filters.parse(call.query.get("filter", ""), lacking=LACKING)
    except filters.FilterError as error:
        raise ControlError(400, f"filter: {error}") from error

    def fits(record: Record) -> bool:
        return (
            (leg is None or record["leg"] == leg)
            and (session is None or record["session"] == session)
            and picks.matches(OfRecord(record))
        )

    return fits


def _decoded(body: bytes) -> Any:
    """The JSON of a body, None for an empty one. Raises ControlError."""
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ControlError(400, f"the body is not JSON: {error}") from error


def _respond(status: int, content: Any) -> Response:
    return Response(status, _JSON, _encode(content))
