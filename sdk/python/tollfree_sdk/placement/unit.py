"""The unit: a card after the answer, parted from it by a rule.

Owns the frame that `remove` knows it by. The frame ends with its last link, not with a newline, so
that a client which trims what it stores does not break it.

    …the last line of the answer.

    ---
    **Sponsored · Strideworks** — Tempo 3. Runs on recycled foam.
    [See it](https://…/c/…) · [Why this ad?](https://…/why/…)
"""

import re
from typing import Final

from tollfree_sdk.placement.disclosure import WHY, Disclosed

# The blank line ends whatever the answer ended with: list, quote, table, paragraph.
_RULE: Final = "\n\n---\n"

#: A unit in Markdown; `{click}` and `{why}` stand for the patterns of its two links.
UNIT_FRAME: Final = (
    re.escape(_RULE)
    + r"\*\*(?:Sponsored|Ad|Affiliate link) · (?:\\.|[^\\*\n])+\*\* — [^\n]+\n"
    + r"\[(?:\\.|[^\\\]\n])+\]\({click}\) · "
    + re.escape(f"[{WHY}](")
    + r"{why}\)"
)


def unit_block(disclosed: Disclosed) -> str:
    """What is appended to the answer, rule included."""
    return _RULE + disclosed.markdown
