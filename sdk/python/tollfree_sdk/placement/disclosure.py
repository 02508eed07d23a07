"""The only place that can write ad text, and it cannot leave out who pays.

Every form begins with the label and the advertiser's name, side by side, ahead of the first word
of copy. There is no parameter for that, and an ad that cannot be disclosed is not written: no
name, an unknown label, or a link that could carry more than itself raises Undisclosable.

    text      Sponsored · Strideworks            markdown  **Sponsored · Strideworks** — Tempo 3. Runs…
              Tempo 3. Runs on recycled foam.              [See it](…/c/…) · [Why this ad?](…/why/…)
              See it: …/c/…
              Why this ad? …/why/…               html      <aside …><strong>Sponsored · Strideworks…
"""

from dataclasses import dataclass, replace
from urllib.parse import quote

from tollfree_sdk.contract import Ad, Advertiser, Format, Label
from tollfree_sdk.placement.ad_copy import clean, clean_name, is_safe_url, to_html, to_markdown

WHY = "Why this ad?"
NOTE_END = " (affiliate link)"
_REL = "sponsored noopener nofollow"


class Undisclosable(ValueError):
    """An ad that cannot be labelled, named and linked safely; its text never quotes the ad."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """An ad ready to be shown: `ad` with cleaned words, and its three forms."""

    ad: Ad
    text: str
    markdown: str
    html: str


def disclose_unit(ad: Ad) -> Disclosed:
    """The card after an answer. Raises Undisclosable."""
    ad = _presentable(ad)
    copy = _sentences(ad.title, ad.body)
    if not copy:
        raise Undisclosable("An ad needs a title or a body.")
    dollars = (ad.advertiser.name + copy + ad.cta).count("$") > 1
    return Disclosed(
        ad=replace(ad, format=Format.UNIT),
        text=f"{_who_pays(ad)}\n{copy}\n{ad.cta}: {ad.click_url}\n{WHY} {ad.why_url}",
        markdown=(
            f"{_who_pays_markdown(ad, dollars=dollars)} — {to_markdown(copy, dollars=dollars)}\n"
            f"[{to_markdown(ad.cta, dollars=dollars)}]({ad.click_url}) · [{WHY}]({ad.why_url})"
        ),
        html=(
            f'<aside class="tollfree-ad"><p><strong>{to_html(_who_pays(ad))}</strong> — '
            f"{to_html(copy)}</p><p>{_anchor(ad.click_url, ad.cta)} · "
            f"{_anchor(ad.why_url, WHY)}</p></aside>"
        ),
    )


def disclose_mention(ad: Ad, sentence: str) -> Disclosed:
    """One sponsored sentence inside an answer. Raises Undisclosable.

    The sentence itself is the link, so that nothing stands between the label and the name.
    """
    ad = _presentable(ad)
    sentence = clean(sentence, limit=320)
    if not sentence:
        raise Undisclosable("A mention needs a sentence.")
    dollars = (ad.advertiser.name + sentence).count("$") > 1
    linked = to_markdown(sentence, dollars=dollars)
    return Disclosed(
        ad=replace(ad, format=Format.MENTION),
        text=f"{_who_pays(ad)}: {sentence} {ad.click_url}",
        markdown=f"{_who_pays_markdown(ad, dollars=dollars, end=':')} [{linked}]({ad.click_url})",
        html=(
            f'<p class="tollfree-ad"><strong>{to_html(_who_pays(ad))}:</strong> '
            f"{_anchor(ad.click_url, sentence)} · {_anchor(ad.why_url, WHY)}</p>"
        ),
    )


def link_note(merchant: str) -> str:
    """What stands directly behind a rewritten link: whose it is, and that it earns."""
    name = clean_name(merchant, merchant)
    if not name:
        raise Undisclosable("An affiliate link needs the name of its merchant.")
    return f" · {to_markdown(name, dollars=False)}{NOTE_END}"


def disclose_link(merchant: str, host: str, url: str, why_url: str) -> Disclosed:
    """A rewritten link, as the field describes it."""
    name = clean_name(merchant, merchant)
    # Delivered text keeps the model's own address; a form of ours must stand in any context.
    safe = quote(url, safe="/:?&=%+#.,;~_-@!")
    ad = Ad(
        format=Format.LINK,
        label=Label.AFFILIATE,
        advertiser=Advertiser(name, host),
        title=name,
        body="",
        cta=name,
        click_url=url,
        why_url=why_url,
        relevance=1.0,
    )
    return Disclosed(
        ad=ad,
        text=f"{_who_pays(ad)} {url}",
        markdown=f"{_who_pays_markdown(ad, dollars=False)} [{to_markdown(name, dollars=False)}]({safe})",
        html=f'<p class="tollfree-ad"><strong>{to_html(_who_pays(ad))}</strong> {_anchor(safe, name)}</p>',
    )


def _presentable(ad: Ad) -> Ad:
    """The same ad with every word cleaned, or Undisclosable."""
    # The network's answer may be garbage of the right shape; types alone do not keep that out.
    label: object = ad.label
    words: tuple[object, ...] = (
        ad.advertiser.name,
        ad.advertiser.domain,
        ad.title,
        ad.body,
        ad.cta,
        *ad.facts,
    )
    if not isinstance(label, Label) or not all(isinstance(word, str) for word in words):
        raise Undisclosable("An ad needs one of the known labels, and text where text is due.")
    if not is_safe_url(ad.click_url) or not is_safe_url(ad.why_url):
        raise Undisclosable("An ad needs two plain http links.")
    name = clean_name(ad.advertiser.name, ad.advertiser.domain)
    if not any(letter.isalnum() for letter in name):
        raise Undisclosable("An ad needs the name of who pays.")
    return replace(
        ad,
        advertiser=Advertiser(name, clean_name(ad.advertiser.domain, ad.advertiser.domain)),
        title=clean(ad.title, limit=120),
        body=clean(ad.body, limit=320),
        cta=clean(ad.cta, limit=40) or "Learn more",
        facts=tuple(clean(fact, limit=200) for fact in ad.facts),
    )


def _who_pays(ad: Ad) -> str:
    return f"{ad.label} · {ad.advertiser.name}"


def _who_pays_markdown(ad: Ad, *, dollars: bool, end: str = "") -> str:
    return f"**{ad.label} · {to_markdown(ad.advertiser.name, dollars=dollars)}{end}**"


def _anchor(url: str, words: str) -> str:
    return f'<a href="{to_html(url)}" rel="{_REL}" target="_blank">{to_html(words)}</a>'


def _sentences(title: str, body: str) -> str:
    if title and title[-1] not in ".!?…。！？:" and body:
        title += "."
    return f"{title} {body}".strip()
