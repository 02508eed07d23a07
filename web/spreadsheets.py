"""Text that goes into a CSV file: a spreadsheet must show it, never run it. Pure."""

from typing import Final

# A tab or a line break in front is skipped by some programs before they look for a formula.
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """``harmless("=1+1")`` is ``"'=1+1"``; text without a formula stays as it is."""
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS) else text


def readable(text: str) -> str:
    """The other way round, for a file of ours that comes back: ``readable("'=1+1")``."""
    return text[1:] if text.startswith("'") and harmless(text[1:]) != text[1:] else text
