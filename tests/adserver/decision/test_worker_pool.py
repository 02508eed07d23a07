"""Who gets a thread, and who is turned away because the answer would be over by then."""

import asyncio
import sys
import threading

import pytest

from adserver.decision.worker_pool import Overloaded, WorkerPool
from kernel.clock import FrozenClock


class TestAPoolOfOneThread:
    async def test_turns_away_a_turn_that_would_come_too_late(self) -> None:
        clock = FrozenClock()
        pool = WorkerPool(threads=1, queue=8, patience_s=0.030, clock=clock)
        go_on = threading.Event()

        async def takes(milliseconds: int) -> None:
            await pool.run(lambda: clock.advance(milliseconds=milliseconds))

        try:
            await takes(20)
            busy = asyncio.create_task(pool.run(lambda: go_on.wait(10)))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await takes(20)
            go_on.set()
            await busy
            # Nobody waits now: whatever a turn takes, the next one may try.
            await takes(20)
        finally:
            pool.close()

    async def test_lets_quick_turns_wait_for_each_other(self) -> None:
        clock = FrozenClock()
        pool = WorkerPool(threads=1, queue=2, patience_s=0.030, clock=clock)
        go_on = threading.Event()
        try:
            await pool.run(lambda: clock.advance(milliseconds=5))
            waiting = [asyncio.create_task(pool.run(lambda: go_on.wait(10))) for _ in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await pool.run(lambda: None)
            go_on.set()
            assert await asyncio.gather(*waiting) == [True, True, True]
        finally:
            pool.close()


def test_threads_that_compute_hand_over_within_half_a_millisecond() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    try:
        WorkerPool(threads=1, queue=1, patience_s=0.030, clock=FrozenClock()).close()

        assert sys.getswitchinterval() == pytest.approx(0.0005)
    finally:
        sys.setswitchinterval(before)
