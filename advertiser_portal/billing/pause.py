"""How long to wait between calls to the processor when many follow each other.

The processor allows 25 calls a second at one address; a run that takes ten leaves room for people
who pay at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable

Pause = Callable[[], Awaitable[None]]


async def no_pause() -> None:
    """Go on at once: for tests, and for a stand-in that limits nobody."""


async def a_tenth() -> None:
    """At most ten calls a second."""
    await asyncio.sleep(0.1)
