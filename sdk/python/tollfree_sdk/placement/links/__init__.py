"""Affiliate links: rewriting product links that the model itself wrote.

`book` holds the programmes and the operator's accounts, `standing` decides whether a link may be
touched, `address` reads one, `rewriter` follows a text. A rewritten link keeps every byte of its
original inside it, so that it can be put back without any look-up.
"""

from tollfree_sdk.placement.links.book import Account, LinkBook
from tollfree_sdk.placement.links.rewriter import LinkPolicy
from tollfree_sdk.placement.links.standing import Standing, Supplied, judge

__all__ = ["Account", "LinkBook", "LinkPolicy", "Standing", "Supplied", "judge"]
