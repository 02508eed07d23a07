"""The background tasks of a process: started together, watched, stopped together.

A task that fails is logged, counted and started again a second later; one that ends by itself is
done. Nothing here knows what the tasks do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from kernel.telemetry import counter, logger

_log = logger(__name__)
_restarts = counter(
    "background_restarts", "Background tasks that failed and were restarted", "kind"
)

Work = Callable[[], Coroutine[Any, Any, None]]


class Crew:
    """Owns its tasks from `start` to `stop`."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Work) -> None:
        """Run `work` until it ends or the crew stops."""
        self._tasks[name] = asyncio.create_task(_watched(name, work), name=name)

    async def stop(self, *names: str) -> None:
        """Cancel these tasks, or all of them, and wait until they are gone."""
        leaving = [self._tasks.pop(name) for name in names or tuple(self._tasks)]
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)


async def every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Do `act` again and again, with a pause of `seconds` after each time."""
    while True:
        await act()
        await asyncio.sleep(seconds)


async def _watched(name: str, work: Work) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  a process edge: logged, counted, tried again
            _restarts.labels(name).inc()
            _log.error("background_task_failed", kind=name, exc_info=error)
            await asyncio.sleep(1)
        else:
            return
