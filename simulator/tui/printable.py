"""What a terminal may be given: text, and no orders that stand in it.

Rule: whatever a wire, a file or a form says, no control character of it reaches the terminal, and
none that turns the direction of what stands beside it. All of them are no cells wide.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL and C1; line and paragraph separators; embeddings, overrides and isolates of direction.
_ORDERS = dict.fromkeys(
    (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
)


class Printable(LineFilter):
    """Takes them out of each line that is drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without them."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [
            Segment(text.translate(_ORDERS), style, control) for text, style, control in segments
        ]
