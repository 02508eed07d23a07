"""Vectors of creatives, row after row, at two bytes a number.

Append-only and in blocks: a snapshot keeps the blocks it was made with, and what is appended later
stands behind its last row, so that adding costs nothing to those who read. A number is kept as the
upper half of a single-precision one (bfloat16), because widening that is a shift: seven times
faster than from IEEE half precision, and a cosine moves by less than 0.0005.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 65_536


class VectorRows:
    """Grows at the end; one writer, any number of readers."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._blocks: list[NDArray[np.uint16]] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, rows: NDArray[np.float32]) -> None:
        """Add rows after the last one."""
        taken = 0
        while taken < len(rows):
            at = self._length % BLOCK
            if self._length == len(self._blocks) * BLOCK:
                # Memory that nobody has written to is not resident: a block may stay half empty.
                self._blocks.append(np.empty((BLOCK, self.dimensions), dtype=np.uint16))
            room = min(BLOCK - at, len(rows) - taken)
            self._blocks[-1][at : at + room] = _narrow(rows[taken : taken + room])
            self._length += room
            taken += room

    def gather(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """The rows at these positions, which stand in ascending order."""
        out = np.empty((len(positions), self.dimensions), dtype=np.uint32)
        edges = np.searchsorted(positions, np.arange(len(self._blocks) + 1) * BLOCK)
        for number, block in enumerate(self._blocks):
            start, end = edges[number], edges[number + 1]
            if start < end:
                out[start:end] = block.take(positions[start:end] - number * BLOCK, axis=0)
        out <<= 16
        return out.view(np.float32)

    def between(self, start: int, end: int) -> Iterator[NDArray[np.float32]]:
        """The rows from `start` to `end`, a part at a time."""
        for at in range(start, end, BLOCK // 4):
            yield self.gather(np.arange(at, min(end, at + BLOCK // 4), dtype=np.int64))


def _narrow(rows: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper halves, rounded to nearest even."""
    whole = np.ascontiguousarray(rows, dtype=np.float32).view(np.uint32)
    return ((whole + (0x7FFF + ((whole >> 16) & 1))) >> 16).astype(np.uint16)
