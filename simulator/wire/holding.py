"""The desk of held messages: they wait on their way until somebody lets them go on, as they are or
changed.

Rule: nothing waits for ever. Without a word a message goes on unchanged when its time is up, or the
world ends; with its connection it is lost. Whatever becomes of it, the journal is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.kernel.pace import Timer
from simulator.kernel.redaction import redact_body, redact_frame, redact_headers
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.wire.fault_kinds import HTTP
from simulator.wire.faults import Hit
from simulator.wire.held_edit import MISSING, Edit, Letter, edited
from simulator.wire.moment import Moment

# So many are held at once; what comes then passes.
MOST = 1000
# Takes what becomes of a message: as it goes on, or None where it is lost.
Go = Callable[[Letter | None], None]
ASKED, TIME_UP, WORLD_ENDS = "somebody said so", "its time was up", "the world ends"


class HoldError(Mistake):
    """A held message cannot be let go on like that: the words say why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.FAILED)


@dataclass(slots=True, eq=False)
class Held:
    """A message that waits. `owner` is the wire that it waits on; `until` is when it goes on by
    itself, as RFC 3339.
    """

    id: str
    at: str
    until: str
    hit: Hit
    letter: Letter
    go: Go
    owner: object
    timer: Timer | None = None

    @property
    def moment(self) -> Moment:
        """Which message it is."""
        return self.hit.moment

    @property
    def pauses(self) -> bool:
        """Whether the world's time stands while it waits."""
        return bool(self.hit.fault["pause"])


class Desk:
    """The held messages of a world, in the order they came."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._real = Clock("real")
        self._held: dict[str, Held] = {}
        self._count = 0
        self._stands = False  # time was stopped from here: so it goes on from here
        self._closed = False

    # The wires' side

    def take(self, hit: Hit, letter: Letter, go: Go, owner: object) -> str | None:
        """Hold a message; its id, None where there is no room and it passes."""
        if self._closed or len(self._held) >= MOST:
            why = WORLD_ENDS if self._closed else f"{MOST} are held already"
            hit.did(f"passed: {why}")
            go(letter)
            return None
        self._count += 1
        number, within_s = f"held-{self._count}", float(hit.fault["within"])
        now = self._clock.now()
        until = rfc3339(now + timedelta(seconds=within_s))
        held = Held(number, rfc3339(now), until, hit, letter, go, owner)
        self._held[number] = held
        hit.did(f"held as {number}", held=number, name=hit.moment.name)

        def ring() -> None:
            self._let_go(held, held.letter, TIME_UP)

        # Where time stands it would never be up: then the same of real time is its bound.
        clock = self._real if held.pauses else self._clock
        held.timer = clock.call_later(within_s, ring)
        if held.pauses and not self._clock.paused:
            self._stands = True
            self._run_at(0)
        return number

    def lose(self, owner: object, why: str) -> None:
        """A connection is over, and with it what waited there."""
        for held in [held for held in self._held.values() if held.owner is owner]:
            self._drop(held, why)

    def withdraw(self, number: str | None, why: str) -> None:
        """Whoever sent it waits no more."""
        held = self._held.get(number or "")
        if held is not None:
            self._drop(held, why)

    # Whoever decides

    def snapshot(self) -> list[dict[str, Any]]:
        """What is held, oldest first, as plain JSON without secrets."""
        return [self._told(held) for held in self._held.values()]

    def release(self, number: str | None = None, edit: Edit | None = None) -> list[str]:
        """Let one go on, or all, perhaps changed or lost; their ids. Raises HoldError."""
        chosen = self._chosen(number)
        if edit is not None and edit.changes:
            if len(chosen) != 1:
                told = ", ".join(held.id for held in chosen) or "nothing is held"
                raise HoldError(f"which one shall be changed? {told}")
            self._change(chosen[0], edit)
            return [chosen[0].id]
        for held in chosen:
            if edit is not None and edit.drop:
                self._drop(held, ASKED)
                held.go(None)
            else:
                self._let_go(held, held.letter, ASKED)
        return [held.id for held in chosen]

    def close(self) -> None:
        """The world ends: all go on as they are, and whatever comes passes."""
        self._closed = True
        for held in list(self._held.values()):
            self._let_go(held, held.letter, WORLD_ENDS)

    def _chosen(self, number: str | None) -> list[Held]:
        if number is None:
            return list(self._held.values())
        if number not in self._held:
            raise HoldError(f"no message '{number}' is held.{did_you_mean(number, self._held)}")
        return [self._held[number]]

    def _change(self, held: Held, edit: Edit) -> None:
        try:
            letter, changed = edited(held.letter, self._shown(held), edit)
        except ValueError as error:
            raise HoldError(f"{held.id}: {error}") from error
        self._let_go(held, letter, ASKED, changed)

    # What becomes of one

    def _let_go(
        self, held: Held, letter: Letter, why: str, changed: list[str] | None = None
    ) -> None:
        self._end(held)
        self._tell("hold.released", held, because=why, changed=changed or [])
        held.go(letter)

    def _drop(self, held: Held, why: str) -> None:
        self._end(held)
        self._tell("hold.lost", held, because=why)

    def _end(self, held: Held) -> None:
        self._held.pop(held.id, None)
        if held.timer is not None:
            held.timer.cancel()
        if self._stands and not any(other.pauses for other in self._held.values()):
            self._stands = False
            if self._clock.paused:
                self._run_at(self._clock.factor)

    def _run_at(self, factor: float) -> None:
        """Let time stand, or go on, and say so as the step `speed` does."""
        clock = self._clock
        clock.speed(factor)
        self._journal.event("world", "clock.speed", factor=clock.factor, paused=clock.paused)

    # Telling

    def _tell(self, what: str, held: Held, **more: Any) -> None:
        moment = held.moment
        self._journal.event(
            moment.actor,
            what,
            peer=moment.peer,
            session=moment.session,
            held=held.id,
            wire=moment.wire,
            of=moment.of,
            name=moment.name,
            **more,
        )

    def _shown(self, held: Held) -> Letter:
        """A letter without what the journal would hide."""
        letter, moment = held.letter, held.moment
        if self._journal.secrets:
            return letter
        text = redact_frame(letter.text)
        if moment.wire == HTTP and moment.module in ("credentials", None):
            text = redact_body(text)
        headers = None if letter.headers is None else redact_headers(letter.headers)
        return Letter(text, letter.status, headers)

    def _told(self, held: Held) -> dict[str, Any]:
        moment, shown = held.moment, self._shown(held)
        sender, receiver = moment.ends
        told: dict[str, Any] = {
            "id": held.id, "at": held.at, "until": held.until, "intercept": held.hit.id,
            "wire": moment.wire, "from": sender, "to": receiver, "at_end_of": moment.actor,
            "of": moment.of, "name": moment.name, "session": moment.session,
            "message_id": moment.id, "path": moment.path, "status": shown.status,
            "headers": shown.headers, "text": shown.text,
            "body": None if shown.json is MISSING else shown.json,
        }  # fmt: skip
        return told
