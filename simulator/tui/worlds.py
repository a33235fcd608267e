"""Which world is shown: the one that the interface was opened on, or a scenario's own.

Rule: one is shown at a time, and the other goes on meanwhile: nothing of it is lost. A scenario's
own world ends when it is left, and with the interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import fresh_token
from simulator.mistakes import Mistake
from simulator.tui.children import Child, Children
from simulator.tui.engine import Snapshot
from simulator.tui.remote import RemoteEngine
from simulator.tui.screens.view import View
from simulator.tui.store import Store
from simulator.tui.views import VIEWS

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp

OUTLIVES = "scenarios"  # the screen that does not depend on the world that is shown


class Worlds:
    """The world of the beginning, and perhaps a scenario's."""

    def __init__(self, app: RoamlabApp) -> None:
        self._app = app
        self.children = Children()
        self._former: Store | None = None
        self._child: Child | None = None
        self._begins = False

    @property
    def away(self) -> bool:
        """A scenario's own world is shown."""
        return self._former is not None

    def read(self) -> None:
        """Take in what the other world tells meanwhile."""
        if self._former is not None:
            self._former.read()

    async def visit(self, path: str, title: str) -> Snapshot:
        """Build the world of a scenario's run in a process of its own and show it; gives the stage
        whose steps wait there. Raises Mistake: why it could not be.
        """
        if self._begins:
            raise Mistake("a scenario's world is being built already")
        self._begins = True
        try:
            await self.leave()
            return await self._visit(path, title)
        finally:
            self._begins = False

    async def _visit(self, path: str, title: str) -> Snapshot:
        token = fresh_token()
        told = ("run", path, "--only", title, "--control", "0", "--json")
        child = await self.children.start(*told, ROAMLAB_CONTROL_TOKEN=token)
        says = child.told()
        try:
            facts: dict[str, Any] = await anext(says, {})
            if "control_url" not in facts:
                raise Mistake("\n".join(child.words) or f"{title}: {child.ending}")
            engine = RemoteEngine(facts["control_url"], token=token)
            await engine.start()
        except BaseException:
            await self.children.end(child)
            raise
        self._former, self._child = self._app.store, child
        self._app.beside(self._watch(child, says))
        await self._show(Store(engine))
        return next(iter(await engine.stages()), {})

    async def _watch(self, child: Child, says: Any) -> None:
        """Go back where a scenario's world ends by itself."""
        async for _ in says:
            pass
        if self._child is child:
            self._app.say(f"the scenario's world has ended: {child.ending}", "warning")
            await self.leave()

    async def leave(self) -> None:
        """End the scenario's world, and show the former one again."""
        former, child, engine = self._former, self._child, self._app.engine
        if former is None or child is None:
            return
        self._former = self._child = None
        await self._show(former)
        await engine.stop()
        await self.children.end(child)

    async def _show(self, store: Store) -> None:
        """Show another world: all screens anew but the one from which it is done."""
        app = self._app
        app.show_store(store)
        await app.switch_mode(OUTLIVES)
        here = app.screen_stack[0]
        assert isinstance(here, View)
        here.store = store
        for name in VIEWS:
            if name != OUTLIVES:
                await app.remove_mode(name)
                app.add_mode(name, app.maker(name))
        here.show_all()
        app.show_status()

    async def close(self) -> None:
        """Let a scenario's world go, and end every process."""
        self._child = None
        if self.away:
            await self._app.engine.stop()
        await self.children.close()
