"""Several things at a time, each in a process of its own; one at a time, in this one.

Rule: results come in the order of the tasks. Ended before its time, it leaves no process behind;
killed, neither.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from typing import TypeVar

from simulator.interrupt import shielding

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int
) -> Generator[Future[Result], None, None]:
    """What becomes of each task, in their order; a future raises what its work did.

    `work` and tasks must be such as another process can be given.
    """
    if jobs == 1 or len(tasks) < 2:
        for task in tasks:
            done: Future[Result] = Future()
            done.set_result(work(task))
            yield done
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    before = active_children()
    context = get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), context, initializer=_end_with_parent)
    try:
        with shielding():
            futures = [pool.submit(work, task) for task in tasks]
        yield from futures
    except (KeyboardInterrupt, GeneratorExit):
        for process in active_children():
            if process not in before:
                process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """In a worker: who is killed cannot end it, and its queue would never tell it."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
