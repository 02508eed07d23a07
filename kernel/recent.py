"""What was used lately, in bounded memory, from many threads.

The least recently used entry is forgotten first. Keeps references and copies nothing; an entry that
is looked for is never computed here.
"""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """``Recent(1_000)`` remembers the thousand entries that were used last."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"Room for {capacity} entries remembers nothing; give at least 1.")
        self._capacity = capacity
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """The entry, which now counts as used; None where it is not remembered."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Remember an entry in place of the one that was used longest ago."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
