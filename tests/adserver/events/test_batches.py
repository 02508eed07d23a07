"""Batches: many small questions are answered as one, and a bad one spoils no other."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from adserver.events.batches import Batches
from kernel.errors import Unavailable


class Doubler:
    """Doubles numbers and remembers the batches; negative ones fail the whole batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await asyncio.sleep(0.01)
        if any(number < 0 for number in numbers):
            raise ValueError("negative")
        return [number * 2 for number in numbers]


async def test_what_comes_together_is_answered_together_and_in_order() -> None:
    doubler = Doubler()
    batches = Batches(doubler, most=4)

    told = await asyncio.gather(*(batches.ask(number) for number in range(10)))

    assert told == [number * 2 for number in range(10)]
    assert doubler.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


async def test_a_bad_question_spoils_no_other() -> None:
    batches = Batches(Doubler())

    told = await asyncio.gather(
        *(batches.ask(number) for number in (1, -1, 2, -2, -3, 3)), return_exceptions=True
    )

    assert [answer if isinstance(answer, int) else None for answer in told] == [
        2,
        None,
        4,
        None,
        None,
        6,
    ]


async def test_what_fails_for_all_is_not_tried_for_each() -> None:
    doubler = Doubler()
    batches = Batches(doubler)

    told = await asyncio.gather(*(batches.ask(-1) for _ in range(50)), return_exceptions=True)

    assert all(isinstance(answer, ValueError) for answer in told)
    assert len(doubler.batches) == 4


async def test_one_who_stops_waiting_keeps_nobody() -> None:
    batches = Batches(Doubler())
    left = asyncio.create_task(batches.ask(1))
    stays = asyncio.create_task(batches.ask(2))
    await asyncio.sleep(0)

    left.cancel()

    assert await stays == 4


async def test_a_full_queue_refuses_and_closing_answers_what_waits() -> None:
    batches = Batches(Doubler(), capacity=1)
    first = asyncio.create_task(batches.ask(1))
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await batches.ask(2)
    await batches.close()

    assert first.done()
    assert await first == 2


class Gate:
    """Answers a batch when it is let through, and remembers what was under way at once."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.under_way: list[int] = []

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.under_way.append(len(numbers))
        await self.open.wait()
        return list(numbers)


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not ready():  # noqa: ASYNC110  the batches tell nobody that they set out
            await asyncio.sleep(0.001)


async def test_a_second_batch_sets_out_only_when_it_is_worth_the_trip() -> None:
    gate = Gate()
    batches = Batches(gate, lanes=2, worth=3)
    asked = [asyncio.create_task(batches.ask(0))]
    await until(lambda: gate.under_way == [1])

    asked += [asyncio.create_task(batches.ask(number)) for number in (1, 2)]
    await asyncio.sleep(0.01)
    assert gate.under_way == [1]
    asked.append(asyncio.create_task(batches.ask(3)))
    await until(lambda: gate.under_way == [1, 3])
    asked += [asyncio.create_task(batches.ask(number)) for number in (4, 5, 6, 7)]
    await asyncio.sleep(0.01)
    assert gate.under_way == [1, 3]
    gate.open.set()

    assert await asyncio.gather(*asked) == list(range(8))
    await batches.close()


async def test_one_who_waits_too_long_is_told_so_and_the_answering_goes_on() -> None:
    gate = Gate()
    batches = Batches(gate, patience_s=0.02)

    late = [batches.put(number) for number in range(3)]
    with pytest.raises(Unavailable, match="late"):
        await late[2]
    gate.open.set()
    await batches.close()

    assert gate.under_way == [3]
    assert [one.exception() is not None for one in late] == [True] * 3
    assert await batches.ask(4) == 4
