"""Commands in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Event

import pytest

from simulator.mistakes import Mistake
from simulator.tui import children as children_module
from simulator.tui.children import Child, Children

pytestmark = pytest.mark.real
UP = ("up", "--clock", "virtual", "--control", "0", "--json")


async def first(child: Child) -> dict[str, object]:
    async for told in child.told():
        return dict(told)
    raise AssertionError("\n".join(child.words))


async def test_what_it_prints_and_how_it_ends() -> None:
    children = Children()
    child = await children.start("rules", "cdr.price", "--json")
    assert [told async for told in child.told()] != [] or child.words
    assert child.code == 0
    await children.end(child)
    wrong = await children.start("nonsense")
    assert [told async for told in wrong.told()] == []
    assert wrong.code == 2 and "no such command 'nonsense'" in "\n".join(wrong.words)
    assert not wrong.interrupted and wrong.ending == "its process ended with exit code 2"
    await children.close()


async def test_all_end_when_it_closes_and_none_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_module, "_PATIENCE_S", 30.0)
    children = Children()
    some = [await children.start(*UP, ROAMLAB_CONTROL_TOKEN="x") for _ in range(2)]
    for child in some:
        assert (await first(child))["world"] == "demo"
    await children.close()
    assert [child.code for child in some] == [130, 130]
    assert some[0].interrupted and "interrupted, exit code 130" in some[0].ending
    with pytest.raises(Mistake, match="closing"):
        await children.start(*UP)


async def test_one_that_will_not_end_is_killed() -> None:
    children = Children()
    child = await children.start(*UP)
    await first(child)
    os.kill(child._process.pid, signal.SIGSTOP)
    await children.close()
    assert child.code == -signal.SIGKILL
    assert child.interrupted and child.ending == "its process was ended by SIGKILL"


def test_they_end_with_a_parent_that_is_killed() -> None:
    """As after kill -9: nothing of it is tidied up."""
    code = f"""
import asyncio
from simulator.tui.children import Children
async def main():
    child = await Children().start(*{UP!r})
    async for told in child.told():
        print(child._process.pid, flush=True)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    for _ in range(450):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        Event().wait(0.1)
    raise AssertionError("it lives on")
