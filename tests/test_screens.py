"""What the screens look like, of the seeded moment: in the documents, and at three sizes.

After a change that is meant: `make screenshots`, and look at what it changed.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from simulator.tui.views import VIEWS
from tests.screens import FOLDER, SIZE, drawn, letters, svg


class Letters(SingleFileSnapshotExtension):
    """A file for each screen and size; SVG would be some ten times as large."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)], ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", VIEWS)
def test_a_screen_looks_as_it_did(
    name: str, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    assert letters(drawn(size)[name]) == snapshot(extension_class=Letters)


@pytest.mark.parametrize("name", VIEWS)
def test_the_documents_show_what_the_screen_shows(name: str) -> None:
    path = FOLDER / f"{name}.svg"
    assert path.read_text(encoding="utf-8") == svg(drawn(SIZE)[name]), "make screenshots"


def test_no_picture_is_of_a_screen_that_has_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(VIEWS)
