"""Which screens there are, in the order of their keys.

Rule: a screen's name here is its name in the keys, the palette and the help.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.tui.screens.fleet import FleetScreen
from simulator.tui.screens.metrics import MetricsScreen
from simulator.tui.screens.peer import PeerScreen
from simulator.tui.screens.scenarios import ScenariosScreen
from simulator.tui.screens.sessions import SessionsScreen
from simulator.tui.screens.story import StoryScreen
from simulator.tui.screens.traffic import TrafficScreen
from simulator.tui.screens.view import View

VIEWS: Mapping[str, type[View]] = {
    "fleet": FleetScreen, "traffic": TrafficScreen, "sessions": SessionsScreen,
    "scenarios": ScenariosScreen, "peer": PeerScreen, "metrics": MetricsScreen,
    "story": StoryScreen,
}  # fmt: skip
