"""What people want to know, and where the answer stands: the first part of every help page.

Rule: a question is one key away from its answer; whoever knows no other key than `?` gets there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp


@dataclass(frozen=True, slots=True)
class Question:
    """`key` asks it on the help page; `view` and `filter` are where it is answered. `how` is said
    where one must do something there, `none` where the filter picks nothing.
    """

    key: str
    words: str
    view: str
    filter: str = ""
    none: str = ""
    how: str = ""


# fmt: off
QUESTIONS: tuple[Question, ...] = (
    Question("a", "Why was a CDR refused?", "sessions", '~s "* refused"',
             "no CDR was refused so far; F10 on screen 0 tells a story in which one is"),
    Question("b", "What has failed on the wires?", "traffic", "~err", "nothing has failed so far"),
    Question("c", "Which rules were broken?", "traffic", "~leg finding",
             "no rule was broken so far"),
    Question("d", "What happened in a session, from car to EMP?", "sessions",
             how="choose one: price and ladder stand below; enter shows it whole"),
    Question("e", "How do I charge a car?", "fleet",
             how="s plugs a car in and holds a card to the reader; S stops"),
    Question("f", "How do I let something go wrong?", "fleet",
             how="! places a fault; the palette (:) has every other step"),
    Question("g", "How do I keep what I have done?", "traffic",
             how="x saves it: as a scenario, a journal and more"),
)
# fmt: on


def of(key: str) -> Question:
    """The question of a key."""
    return next(question for question in QUESTIONS if question.key == key)


def answer(app: RoamlabApp, question: Question) -> None:
    """Go where it is answered, to the newest there."""
    app.show_view(question.view, filter_text=question.filter)

    def there() -> None:
        view = app.view
        table = view.table if view is not None else None
        if question.filter and view is not None and table is not None:
            if not table.keys:
                app.say(question.none)
                view.set_filter("")
                return
            table.go_to(table.keys[-1])
            table.action_open()
        if question.how:
            app.say(question.how)

    app.call_after_refresh(lambda: app.call_after_refresh(there))
