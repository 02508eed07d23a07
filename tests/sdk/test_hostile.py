"""Hostile creatives: no address that was not approved, no control letter, no change of the answer.

Two Markdown parsers that share no code, and a link finder, must agree on what is a link.
"""

import html
import re
import unicodedata
from html.parser import HTMLParser

import linkify_it
import mistune
from markdown_it import MarkdownIt

from tests.sdk.ads import CLICK_URL, PREFACE, WHY_URL, a_decision
from tests.sdk.hostile import hostile_ads
from tollfree_sdk.contract import Ad, Delivery, Format, TollfreeField
from tollfree_sdk.placement import place_answer
from tollfree_sdk.placement.links import Account, LinkBook, LinkPolicy

PRODUCT = "https://www.ebay.com/itm/123456789012"
ANSWER = (
    f"{PREFACE}\n\nA trail shoe grips wet rock.\n\n"
    f"A road shoe such as [the Tarn]({PRODUCT}) is light.\n\nWalk in both before you choose."
)
OURS = {CLICK_URL, WHY_URL}
BOOK = LinkBook((Account("ebay", {"campid": "1234567890"}, store="com"),), sub_id="app_1")

_markdown_it = MarkdownIt("gfm-like")
_mistune = mistune.create_markdown(
    escape=False, plugins=["url", "table", "strikethrough", "footnotes"]
)
_linkify = linkify_it.LinkifyIt()


class Addresses(HTMLParser):
    """What a browser would load or follow."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found |= {value or "" for name, value in attrs if name in {"href", "src", "action"}}


def addresses(page: str) -> tuple[set[str], set[str]]:
    reader = Addresses()
    reader.feed(page)
    return reader.found, reader.tags


def placed(ad: Ad) -> tuple[str, TollfreeField]:
    result = place_answer(ANSWER, a_decision(ad), delivery=Delivery.BOTH, links=LinkPolicy(BOOK))
    return result.content, result.field


def organic_of(content: str, field: TollfreeField) -> str:
    spans = [span for ad in field.ads for span in ad.spans]
    for span in sorted(spans, key=lambda one: -one.start):
        content = content[: span.start] + (span.original or "") + content[span.end :]
    return content


def test_a_thousand_hostile_creatives_do_nothing_but_advertise() -> None:
    shown = dict.fromkeys(Format, 0)
    for ad in hostile_ads():
        content, field = placed(ad)
        assert organic_of(content, field) == ANSWER
        if not field.ads:
            continue
        form = field.ads[0].ad.format
        shown[form] += 1
        allowed = {PRODUCT} | OURS
        if form is Format.LINK:
            allowed = {field.ads[0].ad.click_url}
        assert _links_in(content) <= allowed, ad
        for word in (field.ads[0].text, field.ads[0].markdown, field.ads[0].html, content):
            _is_harmless(word)
        found, tags = addresses(field.ads[0].html)
        assert found <= allowed | OURS
        assert tags <= {"aside", "p", "strong", "a"}

    assert shown[Format.UNIT] > 250
    assert shown[Format.LINK] > 250
    assert sum(shown.values()) > 800


def _links_in(content: str) -> set[str]:
    """What either parser makes a link of; both must find the same."""
    one, _ = addresses(_markdown_it.render(content))
    other, _ = addresses(str(_mistune(content)))
    assert one == other, (one, other, content)
    # Chat pages look for addresses once more, in the text that is left.
    text = re.sub(r"\]\([^)]*\)", "]", content)
    assert not [match.url for match in _linkify.match(html.unescape(text)) or []], content
    return {html.unescape(url) for url in one}


def _is_harmless(text: str) -> None:
    wrong = {unicodedata.category(letter) for letter in text if letter != "\n"}
    assert wrong.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}), repr(text)
