"""Answer many small questions as one.

Whoever asks waits for the answer to the whole batch, so nothing is told before it is true. While
one batch is answered the next one gathers, which makes batches as large as the load needs. A batch
that fails is asked again one by one, so that one bad question spoils no other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar, cast

from adserver.events.patience import Patience
from kernel.errors import Unavailable

Asked = TypeVar("Asked")
Told = TypeVar("Told")

# When so many fail in a row it is not the questions, and the others need not wait to hear it.
_HOPELESS_AFTER: Final = 3


class Batches(Generic[Asked, Told]):
    """Gathers what many tasks ask and answers at most `most` of them at a time, in order.

    With two `lanes` a second batch may be under way where it is worth the trip: when at least
    `worth` questions wait. `patience_s` is how long one who asks is kept waiting: then they hear
    Unavailable, and the answering goes on.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Asked]], Awaitable[Sequence[Told]]],
        *,
        most: int = 256,
        pause_ms: int = 2,
        capacity: int = 20_000,
        lanes: int = 1,
        worth: int = 16,
        patience_s: float | None = None,
    ) -> None:
        self._answer = answer
        self._most, self._pause_s, self._capacity = most, pause_ms / 1000, capacity
        self._lanes, self._worth = lanes, worth
        self._waiting: list[tuple[Asked, asyncio.Future[Told]]] = []
        self._draining: set[asyncio.Task[None]] = set()
        self._patience = None if patience_s is None else Patience(patience_s)

    async def ask(self, question: Asked) -> Told:
        """The answer, or the error with which it failed. Raises Unavailable when too many wait."""
        return await self.put(question)

    def put(self, question: Asked) -> "asyncio.Future[Told]":
        """As `ask`, without a task of its own for whoever waits."""
        if len(self._waiting) >= self._capacity:
            raise Unavailable("The database is behind with its work. Try again in a moment.")
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, told))
        if self._patience is not None:
            self._patience.keeps(told)
        if not self._draining or (len(self._draining) < self._lanes and self._is_worth_it()):
            self._draining.add(asyncio.create_task(self._drain(alone=not self._draining)))
        return told

    async def close(self) -> None:
        """Answer what is waiting."""
        while self._draining:
            await asyncio.wait(self._draining)
        if self._patience is not None:
            self._patience.close()

    async def _drain(self, *, alone: bool) -> None:
        try:
            if alone:
                await asyncio.sleep(self._pause_s)
            while self._waiting and (len(self._draining) == 1 or self._is_worth_it()):
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer_all(batch)
        finally:
            # In the same breath as the look at what waits: nobody is left behind by two lanes that
            # each rely on the other.
            self._draining.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def _is_worth_it(self) -> bool:
        return len(self._waiting) >= self._worth

    async def _answer_all(self, batch: Sequence[tuple[Asked, "asyncio.Future[Told]"]]) -> None:
        error = await self._try(batch)
        if error is None:
            return
        failed_in_a_row = 0
        for one in batch if len(batch) > 1 else ():
            if failed_in_a_row == _HOPELESS_AFTER:
                break
            problem = await self._try([one])
            failed_in_a_row = 0 if problem is None else failed_in_a_row + 1
            if problem is not None:
                _fail(one, problem)
        for one in batch:
            _fail(one, error)

    async def _try(self, batch: Sequence[tuple[Asked, "asyncio.Future[Told]"]]) -> Exception | None:
        try:
            answers = await self._answer([question for question, _ in batch])
        except Exception as error:  # noqa: BLE001  a process edge: those who ask are told
            return error
        for (_, told), answer in zip(batch, answers, strict=True):
            if not told.done():
                told.set_result(answer)
        return None


def _fail(one: tuple[Asked, "asyncio.Future[Told]"], error: Exception) -> None:
    if not one[1].done():
        one[1].set_exception(error)
