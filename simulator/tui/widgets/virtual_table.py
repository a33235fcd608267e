"""A table of any length: only lines that are seen are made, only lines that changed are drawn.

Rule: it knows keys and asks for their cells when a line is to be drawn; nothing in it grows with
the number of rows but the list of keys.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from simulator.tui import odd
from simulator.tui.keys import bindings

TONES = ("good", "bad", "warn", "quiet", "accent", "strong")
Key = Any
HEAD = 1  # lines of the heading


class Cell(NamedTuple):
    """A text and how it is meant: one of TONES, or nothing special."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` cells, with `grow` a share of what is left; shown in tables of at least
    `above` cells, and of less than `below` where that is said.
    """

    title: str
    width: int
    grow: int = 0
    right: bool = False
    above: int = 0
    below: int | None = None

    def fits(self, width: int) -> bool:
        """True where it is shown in a table this wide."""
        return self.above <= width and (self.below is None or width < self.below)


class VirtualTable(ScrollView, can_focus=True):
    """Rows by key, with a cursor, marks and a foot that may be followed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head", "table--cursor", "table--blur", *(f"table--{tone}" for tone in TONES),
    }  # fmt: skip
    DEFAULT_CSS = """
    VirtualTable { height: 1fr; background: $surface; overflow-x: hidden;
                   scrollbar-size-vertical: 1; }
    VirtualTable .table--head { text-style: bold; color: $text-muted; background: $panel; }
    VirtualTable .table--cursor { background: $primary 30%; }
    VirtualTable .table--blur { background: $primary 15%; }
    VirtualTable .table--good { color: $text-success; }
    VirtualTable .table--bad { color: $text-error; }
    VirtualTable .table--warn { color: $text-warning; }
    VirtualTable .table--quiet { color: $text-muted; }
    VirtualTable .table--accent { color: $text-accent; }
    VirtualTable .table--strong { text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("table")]

    class Moved(Message):
        """The cursor is at another row: `key`, None for none."""

        def __init__(self, table: VirtualTable, key: Key) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> VirtualTable:
            """The table."""
            return self.table

    class Opened(Moved):
        """The row was asked for: enter, or a second click."""

    class MarksChanged(Moved):
        """Something was marked, or no more."""

    def __init__(
        self,
        ident: str,
        columns: Sequence[Column],
        cells: Callable[[Key], Sequence[Cell | str]],
        *,
        rising: bool = False,
        follow: bool = False,
        empty: str = "nothing here yet",
    ) -> None:
        """`cells`: a row by its key. `rising`: keys come sorted, which finds them sooner."""
        super().__init__(id=ident)
        self._columns, self._cells = columns, cells
        self._rising, self.follow, self.empty = rising, follow, empty
        self._keys: Sequence[Key] = ()
        self._cursor = 0
        self.marks: set[Key] = set()
        self._lines: dict[Key, Strip] = {}
        self._styles: dict[str, Style] = {}
        self._told: Key = None

    # Rows

    @property
    def keys(self) -> Sequence[Key]:
        """The rows' keys, from the top."""
        return self._keys

    @property
    def cursor_key(self) -> Key:
        """The key of the row at the cursor; None where there is none."""
        return self._keys[self._cursor] if self._cursor < len(self._keys) else None

    def set_rows(self, keys: Sequence[Key], changed: Collection[Key] = ()) -> None:
        """Show these rows; those that `changed` are drawn anew. The cursor stays at its row.

        The list is not copied: whoever changes it must say so here.
        """
        before, at = self._told, self._cursor
        self._keys = keys
        for key in changed:
            self._lines.pop(key, None)
        if len(self._lines) > 4_000:
            self._lines.clear()
        if self.follow:
            self._cursor = max(0, len(keys) - 1)
        elif before is not None:
            self._cursor = self._place(before, at)
        self._have_lines(len(keys) + HEAD)
        if self.follow:
            self._show_end()
        elif self._cursor != at:  # what stood above went: the eye stays where it is
            self.scroll_to(y=self.scroll_offset.y + self._cursor - at, animate=False, force=True)
        self.refresh()
        self._tell()

    def _have_lines(self, count: int) -> None:
        """Be so high. The screen is laid out anew only where the scrollbar comes or goes: that
        costs more than all lines of a table that grows four times a second.
        """
        size = Size(self.size.width, count)
        if size == self.virtual_size:
            return
        if self.show_vertical_scrollbar and count > self.container_size.height:
            self.set_reactive(VirtualTable.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = count
        else:
            self.virtual_size = size

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show rows of another kind from now on; nothing of them is marked."""
        self._columns = columns
        self.marks.clear()
        self.clear_lines()

    def touch(self, keys: Iterable[Key]) -> None:
        """Draw these rows anew, where they are seen; the order stays."""
        for key in keys:
            self._lines.pop(key, None)
        first = self.scroll_offset.y
        for place in range(first, min(first + self.size.height - HEAD, len(self._keys))):
            if self._keys[place] not in self._lines:
                self.refresh_line(place + HEAD)

    def _place(self, key: Key, near: int) -> int:
        keys = self._keys
        if near < len(keys) and keys[near] == key:
            return near
        if self._rising:
            return min(bisect_left(keys, key), max(0, len(keys) - 1))
        try:
            return keys.index(key)
        except ValueError:
            return min(near, max(0, len(keys) - 1))

    def clear_lines(self) -> None:
        """Forget what was drawn, as after a change of theme or of marks."""
        self._lines.clear()
        self._styles.clear()
        self.refresh()

    # The cursor

    def move_to(self, place: int) -> None:
        """Put the cursor at a row; nothing is followed any more, but at the foot."""
        last = max(0, len(self._keys) - 1)
        before, self._cursor = self._cursor, max(0, min(place, last))
        if self._cursor < last:
            self.follow = False
        for line in {before, self._cursor}:
            self.refresh_line(line + HEAD)
        self._show_cursor()
        self._tell()

    def go_to(self, key: Key) -> bool:
        """Put the cursor at a key; False where it is not shown."""
        place = self._place(key, 0)
        if place >= len(self._keys) or self._keys[place] != key:
            return False
        self.follow = False
        self.move_to(place)
        return True

    def _show_cursor(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height - HEAD)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)

    def _show_end(self) -> None:
        self.scroll_to(
            y=max(0, len(self._keys) + HEAD - self.size.height), animate=False, force=True
        )

    def _tell(self) -> None:
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self.post_message(self.Moved(self, self._told))

    def action_cursor(self, by: str) -> None:
        """Move the cursor: a number of rows, `page`, `-page`, `home`, `end`."""
        page = max(1, self.size.height - HEAD - 1)
        places = {
            "home": 0,
            "end": len(self._keys) - 1,
            "page": self._cursor + page,
            "-page": self._cursor - page,
        }
        self.move_to(places[by] if by in places else self._cursor + int(by))

    def action_open(self) -> None:
        """Ask for the row."""
        if self.cursor_key is not None:
            self.post_message(self.Opened(self, self.cursor_key))

    def action_mark(self) -> None:
        """Mark the row, or no more, and go on to the next."""
        key = self.cursor_key
        if key is None:
            return
        self.marks ^= {key}
        self._lines.pop(key, None)
        self.post_message(self.MarksChanged(self, key))
        self.move_to(self._cursor + 1)
        self.refresh()

    def action_follow(self) -> None:
        """Keep the newest in sight, or no more."""
        self.follow = not self.follow
        if self.follow:
            self.move_to(len(self._keys) - 1)
            self._show_end()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there, a second one asks for the row."""
        place = event.y - HEAD + self.scroll_offset.y
        if event.y >= HEAD and place < len(self._keys):
            again = place == self._cursor
            self.move_to(place)
            if again:
                self.action_open()

    # Drawing

    def on_resize(self) -> None:
        """Widths are others."""
        self.virtual_size = Size(self.size.width, len(self._keys) + HEAD)
        self.clear_lines()
        if self.follow:
            self._show_end()
        else:
            self._show_cursor()

    def notify_style_update(self) -> None:
        """Colours are others."""
        super().notify_style_update()
        self.clear_lines()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        if y < HEAD:
            return self._heading(width)
        place = self.scroll_offset.y + y - HEAD
        if place >= len(self._keys):
            return self._blank(width, self.empty if not self._keys and y == HEAD + 1 else "")
        key = self._keys[place]
        strip = self._lines.get(key)
        if strip is None:
            try:
                strip = self._row(key, width)
            except odd.ODD as error:
                strip = self._blank(width, odd.why(error))
            self._lines[key] = strip
        if place == self._cursor:
            paper = self._style("table--cursor" if self.has_focus else "table--blur").bgcolor
            here = Style(bgcolor=paper, bold=True)  # over what the cells have, which keep their ink
            styled = Segment.apply_style(strip, post_style=here)
            return Strip(styled, strip.cell_length)
        return strip

    def _heading(self, width: int) -> Strip:
        style = self._style("table--head")
        text = " " + " ".join(
            _fit(column.title, wide, column.right) for column, wide in self._widths(width)
        )
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _blank(self, width: int, words: str) -> Strip:
        style = self._style("table--quiet")
        return Strip([Segment(set_cell_size(f"  {words}", width), style)], width)

    def _row(self, key: Key, width: int) -> Strip:
        base = self._style("")
        marked = key in self.marks
        segments = [Segment("▌" if marked else " ", self._style("table--accent"))]
        cells = self._cells(key)
        shown = [c for c in zip(self._columns, cells, strict=True) if c[0].fits(width)]
        for (column, wide), (_, cell) in zip(self._widths(width), shown, strict=True):
            text, tone = cell if isinstance(cell, tuple) else (cell, "")
            style = self._style(f"table--{tone}") if tone else base
            segments += [Segment(_fit(text, wide, column.right), style), Segment(" ", base)]
        return Strip(segments).adjust_cell_length(width, base)

    def _widths(self, width: int) -> list[tuple[Column, int]]:
        """The columns of a table this wide: what is left goes to those that grow."""
        shown = [column for column in self._columns if column.fits(width)]
        left = width - 1 - sum(column.width + 1 for column in shown)
        shares = sum(column.grow for column in shown) or 1
        return [(c, c.width + max(0, left) * c.grow // shares) for c in shown]

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(name) if name else self.rich_style
            self._styles[name] = style
        return style


def _fit(text: str, width: int, right: bool) -> str:
    """A text in so many cells; what does not fit ends in `…`."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width > 0 else ""
    gap = " " * (width - length)
    return gap + text if right else text + gap
