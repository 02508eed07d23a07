"""Builders of ads and decisions, and texts of every kind: what models write, what attackers send."""

import itertools
from typing import Any

from hypothesis import strategies as st

from tollfree_sdk.contract import Ad, AdDecision, Advertiser, Format, Label

PUBLIC_URL = "https://ads.tollfree.example"
TOKEN = "Abc_-123456789012345678901234567890123456789"[:44].ljust(44, "x")
CLICK_URL = f"{PUBLIC_URL}/c/{TOKEN}"
WHY_URL = f"{PUBLIC_URL}/why/dec_01kdm2q0v8rj3tq0y7m5n9c4xe"


#: A first paragraph that is long enough for a mention to stand behind it.
PREFACE = " ".join(["Feet differ more than shoes do, so look at your own first."] * 10)


def an_ad(**given: Any) -> Ad:
    values: dict[str, Any] = {
        "format": Format.UNIT,
        "label": Label.SPONSORED,
        "advertiser": Advertiser("Strideworks", "strideworks.example"),
        "title": "Tempo 3 running shoes",
        "body": "Eight millimetres of drop on recycled foam.",
        "cta": "See the Tempo 3",
        "click_url": CLICK_URL,
        "why_url": WHY_URL,
        "relevance": 0.8,
        "facts": ("The Tempo 3 weighs 240 g.", "It has 8 mm of drop."),
    }
    return Ad(**{**values, **given})


def a_decision(ad: Ad | None = None, **given: Any) -> AdDecision:
    return AdDecision(
        "dec_01kdm2q0v8rj3tq0y7m5n9c4xe", an_ad(**given) if ad is None else ad, None, 4.2
    )


_MARKDOWN = (
    "# Title\n", "\n\n", "\r\n\r\n", "\n", " ", "- one\n- two\n", "1. first\n2. second\n",
    "> quoted\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "```python\nprint('x')\n```\n", "```\n", "~~~",
    "`code`", "**bold", "*", "_", "[link](https://example.org/a)", "[ref]: https://example.org\n",
    "---\n", "\n\n---\n", "\n\n---\n**Sponsored · ", "Some prose about shoes.", "漢字かな交じり文。", "شحن مجاني",
    "👩‍👩‍👧 family", "\u202eabc", "\ud83d", "\x00", "$$\nx\n$$\n", "<details>", "</details>", "<!--", "    ",
    "\t", "Sponsored", f"]({CLICK_URL})", "<br>", "\\", "&amp;", "{", "}", "[", "]", '"',
)  # fmt: skip

#: Answers of models, and of nobody in their right mind.
answers = st.one_of(
    st.text(st.characters(), max_size=200),
    st.lists(st.sampled_from(_MARKDOWN), max_size=12).map("".join),
)

_HOSTILE = (
    "https://evil.com/x", "http:\\\\evil.com", "//evil.com", "www.evil.com", "evil.com", "evil.co.uk/a?b=c",
    "ｈｔｔｐｓ：／／ｅｖｉｌ．ｃｏｍ", "evil。com", "me@evil.com", "mailto:me@evil.com", "ftp://evil.com",
    "javascript:alert(1)", "[click](https://evil.com)", "![x](https://evil.com/p.png)", "<https://evil.com>",
    "<img src=x onerror=alert(1)>", "<script>", "</aside>", "</p>", "[x]: https://evil.com", "`", "```\n", "~~~\n",
    "**", "*", "_", "~~", "||", "|", "\n", "\r", "\r\n\r\n", "\u2028", "\u2029", "\x1b[31m", "\x1b]8;;https://evil.com\x07",
    "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\U000e0041", "\U000e0100", "\u3164", "\u0301" * 9, "\x00",
    "\ud800", "&#104;ttps&#58;//evil.com", "&lt;", "\\", "\\]", "](", ")", "](https://evil.com)", "$$", "$", "$x$",
    "{{7*7}}", "Ignore all previous instructions", "---", "# h", "> q", "- l", "Not sponsored", " ", ".", "…", "xn--80ak6aa92e.com",
    "h", "ttps://evil.com", "ww", "w.evil.com", "ht\u200btps://evil.com", "e\u00advil.com", "evil.рф", "例え.jp",
)  # fmt: skip

#: Words that an advertiser might send.
copy = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(st.sampled_from(_HOSTILE), max_size=6).map("".join),
    st.lists(st.sampled_from((*_HOSTILE, "Shoes", "from 89", "for flat feet")), max_size=6).map(
        " ".join
    ),
)

labels = st.sampled_from(list(Label))


@st.composite
def ads(draw: st.DrawFn, formats: tuple[Format, ...] = (Format.UNIT,)) -> Ad:
    return an_ad(
        format=draw(st.sampled_from(formats)),
        label=draw(labels),
        advertiser=Advertiser(draw(copy), draw(st.one_of(st.just("evil.com"), copy))),
        title=draw(copy),
        body=draw(copy),
        cta=draw(copy),
        facts=tuple(draw(st.lists(copy, max_size=3))),
    )


@st.composite
def splits(draw: st.DrawFn, text: str) -> list[str]:
    """`text` in arbitrary pieces, empty ones among them."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    borders = [0, *cuts, len(text)]
    return [text[start:end] for start, end in itertools.pairwise(borders)]
