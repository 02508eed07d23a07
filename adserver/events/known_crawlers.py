"""The public list of machines that name themselves: crawlers, link previews, tools.

The list is a package of its own, `crawler-user-agents`, so that it is kept up to date by others; this
is its only door. What an agent was found to be is remembered, because the list is long.
"""

from functools import lru_cache
from typing import Final

import crawleruseragents

# A name that is longer than this is not read further: the sender chooses its length.
_LONGEST: Final = 512


def is_known_crawler(user_agent: str) -> bool:
    """Whether the list knows this name; upper and lower case count as they were sent."""
    return _is_known(user_agent[:_LONGEST])


@lru_cache(maxsize=8_192)
def _is_known(user_agent: str) -> bool:
    return bool(crawleruseragents.is_crawler(user_agent))
