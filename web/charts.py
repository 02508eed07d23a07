"""Small charts drawn on the server, as numbers for an SVG. Pure.

They work without scripts, in mail and on paper. The template that draws one puts the same values in
words or a table beside it, so that no number is a picture only. No inline style: widths are
attributes.
"""


def filled(part: float, whole: float) -> float:
    """How much of a bar of 100 is full: ``filled(5, 20)`` is 25.0; never over 100."""
    if whole <= 0:
        return 0.0
    return round(min(100.0, max(0.0, 100 * part / whole)), 1)
