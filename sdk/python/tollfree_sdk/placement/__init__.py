"""Put an ad into an answer or a stream, say that it is one, and take it out again.

`place_answer` takes a whole answer, `StreamPlacer` a stream; both give the same bytes. `remove` is
their inverse over resent conversations. Pure: no network, no clock, no event loop, standard library
only. The only module that can write ad text is `disclosure`, and it cannot leave out the label.
"""

from tollfree_sdk.placement.place import Placed, place_answer
from tollfree_sdk.placement.remove import Removed, remove, well_formed
from tollfree_sdk.placement.stream import PlacedTail, StreamPlacer

__all__ = [
    "Placed",
    "PlacedTail",
    "Removed",
    "StreamPlacer",
    "place_answer",
    "remove",
    "well_formed",
]
