"""What one check of `doctor` found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """``Finding("warning", "no model is exported", "tollfree models build")``."""

    state: Literal["ok", "warning", "problem"]
    says: str
    mend: str | None = None


def fine(says: str) -> Finding:
    return Finding("ok", says)
