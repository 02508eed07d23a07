"""No creative can smuggle a link, a control character or markup into an answer."""

import re
import unicodedata
from html.parser import HTMLParser

import mistune
import pytest
from hypothesis import given
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt

from tests.sdk.ads import CLICK_URL, WHY_URL, a_decision, ads, an_ad, copy
from tollfree_sdk.contract import Ad, Advertiser, Delivery, PlacedAd
from tollfree_sdk.placement import place_answer
from tollfree_sdk.placement.ad_copy import clean, clean_name, is_safe_url, to_markdown

ALLOWED = {CLICK_URL, WHY_URL}
COMMONMARK = MarkdownIt("commonmark")
LINKING = MarkdownIt("gfm-like", {"linkify": True, "typographer": True, "html": True})
MISTUNE = mistune.create_markdown(plugins=["url", "strikethrough", "table", "footnotes"])


def shown(ad: Ad) -> PlacedAd | None:
    field = place_answer("Prose.", a_decision(ad), delivery=Delivery.CONTENT).field
    return field.ads[0] if field.ads else None


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.tags: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.urls += [
            value or "" for name, value in attrs if name not in ("rel", "target", "class")
        ]

    def handle_data(self, data: str) -> None:
        self.words += data


def read_html(source: str) -> _Links:
    reader = _Links()
    reader.feed(source)
    reader.close()
    return reader


class TestMarkdownOfAnAd:
    @given(ads())
    def test_links_only_to_its_own_two_addresses_in_every_parser(self, ad: Ad) -> None:
        placed = shown(ad)
        if placed is None:
            return

        for render in (COMMONMARK.render, LINKING.render, MISTUNE):
            page = read_html(str(render("Prose.\n\n---\n" + placed.markdown)))
            assert set(page.urls) == ALLOWED, render
            assert page.tags <= {"p", "hr", "strong", "a", "br"}, render

    @given(ads())
    def test_renders_to_the_words_as_they_were_cleaned(self, ad: Ad) -> None:
        placed = shown(ad)
        if placed is None:
            return

        words = " ".join(read_html(COMMONMARK.render(placed.markdown)).words.split())

        assert words == " ".join(
            f"{ad.label} · {placed.ad.advertiser.name} — {_copy_of(placed)} "
            f"{placed.ad.cta} · Why this ad?".split()
        )

    def test_escapes_two_dollars_but_not_one(self) -> None:
        assert to_markdown("from $89", dollars=False) == "from $89"
        placed = shown(an_ad(title="$89", body="was $120"))
        assert placed is not None
        assert "\\$89" in placed.markdown


def _copy_of(placed: PlacedAd) -> str:
    return placed.text.split("\n")[1]


class TestTextOfAnAd:
    @given(ads())
    def test_holds_no_control_character_and_no_foreign_address(self, ad: Ad) -> None:
        placed = shown(ad)
        if placed is None:
            return

        for form in (placed.text, placed.markdown, placed.html):
            kinds = {unicodedata.category(letter) for letter in form.replace("\n", "")}
            assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert len(placed.text.split("\n")) == 4
        bare = placed.text.replace(CLICK_URL, "").replace(WHY_URL, "")
        assert not re.search(r"://|www\.\S|@\w", bare, re.IGNORECASE)

    @given(ads())
    def test_gives_a_link_finder_nothing_in_copy(self, ad: Ad) -> None:
        placed = shown(ad)
        if placed is None:
            return

        for words in (placed.ad.title, placed.ad.body, placed.ad.cta, *placed.ad.facts):
            assert LinkifyIt().match(words) is None, words


class TestHtmlOfAnAd:
    @given(ads())
    def test_is_one_balanced_card_with_its_own_two_links(self, ad: Ad) -> None:
        placed = shown(ad)
        if placed is None:
            return

        page = read_html(placed.html)

        assert set(page.urls) == ALLOWED
        assert page.tags == {"aside", "p", "strong", "a"}
        assert placed.html.count("<") == 12
        assert page.words.startswith(f"{ad.label} · {placed.ad.advertiser.name} — ")


class TestCleaning:
    @given(copy)
    def test_twice_is_once(self, text: str) -> None:
        once = clean(text, limit=80)

        assert clean(once, limit=80) == once
        assert len(once) <= 80

    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [
            ("Light shoes, from $89.50.", "Light shoes, from $89.50."),
            ("Café crème — 250 g (½ price)", "Café crème — 250 g (½ price)"),
            ("走りやすい靴。軽い。", "走りやすい靴。軽い。"),
            ("Version 3.5, e.g. for 10 km", "Version 3.5, e.g. for 10 km"),
            ("Go to https://evil.com/x now", "Go to now"),
            ("evil.com", "evil. com"),
            ("ｅｖｉｌ．ｃｏｍ", "evil. com"),
            ("two\n\nlines\u2028three", "two lines three"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("a\u202eb\u200bc\U000e0041d", "abcd"),
            ("z\u0301\u0302\u0303\u0304", "ź̂"),
            ("mail me@evil.com", "mail"),
        ],
    )
    def test_keeps_words_and_drops_tricks(self, text: str, cleaned: str) -> None:
        assert clean(text, limit=200) == unicodedata.normalize("NFC", cleaned)

    def test_shortens_what_is_too_long(self) -> None:
        assert clean("a" * 100, limit=10) == "a" * 9 + "…"


class TestANameThatIsItsOwnDomain:
    def test_keeps_its_dot_and_is_no_link(self) -> None:
        placed = shown(an_ad(advertiser=Advertiser("Booking.example", "booking.example")))

        assert placed is not None
        assert placed.text.startswith("Sponsored · Booking.example\n")
        assert set(read_html(LINKING.render(placed.markdown)).urls) == ALLOWED

    def test_is_broken_when_it_names_another_domain(self) -> None:
        assert clean_name("Evil.com", "strideworks.example") == "Evil. com"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        (CLICK_URL, True),
        ("http://127.0.0.1:8787/c/abc", True),
        ("https://ads.example", True),
        ("https://ads.example/c/a b", False),
        ("https://ads.example/c/a)b", False),
        ("https://user@ads.example/", False),
        ("https://ads.example/<b>", False),
        ("https://ads.example/\n", False),
        ("data:text/html,x", False),
        ("//ads.example/c", False),
    ],
)
def test_a_link_is_safe_only_if_it_needs_no_escaping(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe
