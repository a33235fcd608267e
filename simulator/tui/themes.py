"""The two themes: dark, and light for projectors and paper.

Rule: colours stand here alone; what is painted names what it means.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    "roamlab-dark", primary="#4C8DFF", secondary="#7AA2C8", accent="#F2A93B", success="#5BC98C",
    warning="#E8B04B", error="#FF6B6B", foreground="#D8DEE6", background="#0F141A",
    surface="#141A21", panel="#1C242D", dark=True,
)  # fmt: skip
LIGHT = Theme(
    "roamlab-light", primary="#1F5FD0", secondary="#456B8C", accent="#A65A00", success="#1A7F45",
    warning="#8A5A00", error="#C22B2B", foreground="#1C2733", background="#FFFFFF",
    surface="#FAFBFC", panel="#E9EEF3", dark=False,
)  # fmt: skip
