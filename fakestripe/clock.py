"""The stand-in's own time: the machine's, plus what tests added."""

import time


class Clock:
    """Whole seconds since the epoch; `advance` moves it on and never back."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return int(time.time()) + self.ahead

    def advance(self, seconds: int) -> None:
        if seconds < 0:
            raise ValueError("This clock only moves on.")
        self.ahead += seconds
