"""Small charts drawn on the server, as numbers for an SVG. Pure.

They work without scripts, in mail and on paper. A template draws them and puts the same values in
a table beside them, so that no number is a picture only. No inline style: widths are attributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a column chart, in the units of its view box."""

    x: float
    y: float
    width: float
    height: float


def filled(part: int, whole: int) -> float:
    """How much of a bar of 100 is full: ``filled(5, 20)`` is 25.0; never over 100."""
    if whole <= 0:
        return 0.0
    return round(min(100.0, max(0.0, 100 * part / whole)), 1)


def columns(values: Sequence[int], *, width: int, height: int, gap: int = 2) -> list[Column]:
    """Columns side by side, the highest as high as the box; none at all stays visible as a line."""
    if not values:
        return []
    highest = max(*values, 1)
    step = width / len(values)
    drawn = []
    for index, value in enumerate(values):
        tall = max(1.0, round(height * value / highest, 2)) if value > 0 else 1.0
        drawn.append(
            Column(round(index * step, 2), round(height - tall, 2), round(step - gap, 2), tall)
        )
    return drawn
