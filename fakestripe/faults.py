"""Trouble on demand, so that a client's money code can be tested.

`hang_after_commit` does the work and never answers in time; `fail` answers 500 before the work, or
after it; `limit` answers 429; `slow_money` lets a payment stay `processing`. Each knob counts down the requests it spoils, for paths that contain
`path`. The webhook knobs live with the deliveries: duplicate, shuffle, delay, drop.
"""

from dataclasses import dataclass, field
from typing import Any

_KINDS = ("hang_after_commit", "fail_before", "fail_after_commit", "limit", "slow_money")


@dataclass
class Fault:
    kind: str
    path: str = ""
    times: int = 1
    seconds: float = 30.0


@dataclass
class Faults:
    """The armed faults, and the webhook knobs."""

    armed: list[Fault] = field(default_factory=list)
    duplicate: int = 1
    shuffle: bool = False
    drop_every: int = 0
    delay_seconds: float = 0.0

    def arm(self, kind: str, **options: Any) -> None:
        """Arm one of the kinds above."""
        if kind not in _KINDS:
            raise ValueError(f"There is no fault {kind!r}; there are {', '.join(_KINDS)}.")
        self.armed.append(Fault(kind, **options))

    def take(self, path: str, *kinds: str) -> Fault | None:
        """The next fault of `kinds` for this path, used up by one."""
        for fault in self.armed:
            if fault.kind in kinds and fault.path in path and fault.times > 0:
                fault.times -= 1
                return fault
        return None
