"""The snapshots a decision reads: the index, the inventory made from it, the books.

Makes a new inventory when the index has been swapped. A large one is made on a thread while the old
pair stays in use, so that no turn waits for it; the two are always swapped together.
"""

import asyncio
from typing import Final

from adserver.decision.budget import BudgetBook
from adserver.decision.inventory import Inventory
from adserver.decision.judging import NOTHING_LEARNED, Scene
from adserver.decision.learned import Learned
from adserver.decision.nearby import Nearby
from adserver.intent.clusters import load_clusters
from adserver.matching.index import CreativeIndex
from adserver.matching.snapshots import IndexKeeper

_AT_ONCE: Final = 500


class Scenes:
    """Gives the present scene."""

    def __init__(
        self, index: IndexKeeper, budget: BudgetBook, learned: Learned | None = None
    ) -> None:
        self._keeper, self._budget, self._learned = index, budget, learned
        self._clusters = load_clusters(index.current().model_id)
        self._pair: tuple[CreativeIndex, Inventory] | None = None
        # What is near belongs to one inventory, and goes with it.
        self._nearby: tuple[Inventory | None, Nearby] = None, Nearby()
        self._arranging: asyncio.Task[None] | None = None

    def now(self) -> Scene:
        """The newest snapshots that are ready; call it on the event loop."""
        index = self._keeper.current()
        if self._pair is None or (self._pair[0] is not index and len(index) <= _AT_ONCE):
            self._pair = index, arranged(index, self._pair)
        elif self._pair[0] is not index and self._arranging is None:
            self._arranging = asyncio.get_running_loop().create_task(self._arrange(index))
        ready, inventory = self._pair
        return self._scene(ready, inventory)

    def apart(self) -> Scene:
        """The newest snapshots, arranged for one look by whoever asks, on any thread."""
        index = self._keeper.current()
        pair = index, arranged(index)
        if self._pair is None:
            # A rehearsal before the first turn spares that turn the arranging.
            self._pair = pair
        return self._scene(*pair)

    def _scene(self, index: CreativeIndex, inventory: Inventory) -> Scene:
        rates = NOTHING_LEARNED if self._learned is None else self._learned.rates
        if self._nearby[0] is not inventory:
            self._nearby = inventory, Nearby()
        return Scene(
            index,
            inventory,
            self._budget.books(),
            self._budget,
            rates,
            self._clusters,
            self._nearby[1],
        )

    async def _arrange(self, index: CreativeIndex) -> None:
        try:
            self._pair = index, await asyncio.to_thread(arranged, index, self._pair)
        finally:
            self._arranging = None


def arranged(
    index: CreativeIndex, before: tuple[CreativeIndex, Inventory] | None = None
) -> Inventory:
    """The inventory of an index, position by position; `before` spares what did not change."""
    return Inventory(index, None if before is None else before[1])
