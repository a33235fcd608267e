"""What stands between an odd record and the end of the interface: whatever a timer, a callback or a
message of ours stumbles over is said once, and all else goes on.

Rule: what cannot be shown says so in its place wherever a place is known (`odd`); this is for the
rest. While the world starts nothing is kept back: there is no screen yet that could say it.
"""

from __future__ import annotations

from textual.app import App
from textual.events import Resize
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from simulator.tui import odd


class Guarded(MessagePump):
    """Something that goes on hearing messages after one that it stumbled over."""

    async def _dispatch_message(self, message: Message) -> None:
        """Where this raises, nothing is heard any more. A screen tells itself each size that it
        takes: two that are under way at once would take turns for ever, so a former one is past.
        """
        if (
            isinstance(self, Screen)
            and isinstance(message, Resize)
            and message.size != self.app.size
        ):
            return
        try:
            await super()._dispatch_message(message)
        except odd.ODD as error:
            self.app._handle_exception(error)


class GuardedApp(Guarded, App[int]):
    """An app that stumbles over what is odd, and goes on. `stumbles`: over what, and how often."""

    started = False

    def __init__(self) -> None:
        super().__init__()
        self.stumbles: dict[str, int] = {}

    def _handle_exception(self, error: Exception) -> None:
        """Where all errors come together that nobody has caught: of timers, of callbacks after a
        page or a drawing, of messages.
        """
        if not (self.started and isinstance(error, odd.ODD)):
            super()._handle_exception(error)
            return
        words = odd.why(error)
        self.stumbles[words] = self.stumbles.get(words, 0) + 1
        if self.stumbles[words] == 1:  # what comes again each second is said once
            self.notify(words, severity="error", markup=False, timeout=8)
