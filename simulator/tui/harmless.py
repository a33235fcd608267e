"""Nothing that is shown commands the terminal, or the browser's: a wire may tell anything.

Rule: it is done where lines are drawn, once for all panes; what takes no room is taken out, so that
no width changes.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL and C1: an escape sequence begins with ESC, or with CSI and OSC among C1. Then what ends a
# line, and what turns the direction of the text beside it (UAX #9).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Harmless(LineFilter):
    """Take control characters out of lines."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without them."""
        if not any(_CONTROL.search(segment.text) for segment in segments):
            return segments
        kept = [segment._replace(text=_CONTROL.sub("", segment.text)) for segment in segments]
        return [segment for segment in kept if segment.text]


HARMLESS = Harmless()
