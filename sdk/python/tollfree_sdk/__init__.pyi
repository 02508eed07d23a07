from tollfree_sdk.adapters.openai import with_ads as with_ads
from tollfree_sdk.async_network import AsyncTollfree as AsyncTollfree
from tollfree_sdk.match import Match as Match
from tollfree_sdk.network import Tollfree as Tollfree

__all__ = ["AsyncTollfree", "Match", "Tollfree", "with_ads"]
