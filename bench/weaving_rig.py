"""What the benches about mentions share: published answers, their products as ads, sentences, tokens.

Takes as ad-free text the answers of GI-R in gembench/baseline_outputs without their exact insert,
`[name](url):desc`. The catalogue describes a product in a sentence or two; an ad's facts are what
they say, whole and claim by claim, as an advertiser would have them approved. A click address
carries a token as serving mints it.
"""

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

from adserver.events.tokens import ClickTokens
from kernel.ids import id_from_bytes
from kernel.signing import SigningKeys
from tollfree_sdk.contract import Ad, Advertiser, Format, Label

PUBLIC_URL = "https://tollfree.example"
_TOKENS = ClickTokens(SigningKeys({1: b"a key of the bench, thirty-two bytes"}))
_NUMBERS = 100_000
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_MARKS = re.compile(r"[*_#>`|]+")
_LEAD = re.compile(
    r"^.{0,80}?\b(?:that|which|and|it) (?:offers?|features?|has|provides?|specializes in|sells|includes?|consists of)\s+"
    r"|^.{0,60}?\b(?:offering|featuring|providing|known for|specializing in|specializes in)\s+",
    re.IGNORECASE,
)
_ELABORATION = re.compile(
    r",? (?:including|such as|with|from|where|that|which|perfect for)\b|[;:]", re.IGNORECASE
)
_WORD = re.compile(r"\w")


def sentences(text: str) -> list[str]:
    """The sentences of a Markdown text, as a reader reads them."""
    plain = _MARKS.sub("", _LINK.sub(r"\1", text))
    parts = (part.strip(" -\t") for part in _SENTENCE.split(plain))
    return [part for part in parts if _WORD.search(part)]


def ad_of(product: dict[str, str]) -> Ad:
    """The product that GI-R advertised, as a creative of ours."""
    return Ad(
        format=Format.MENTION,
        label=Label.SPONSORED,
        advertiser=Advertiser(product["name"], product["url"].split("/")[2]),
        title=product["name"],
        body=product["desc"][:160],
        cta="Learn more",
        click_url=f"{PUBLIC_URL}/c/{_token(product)}",
        why_url=f"{PUBLIC_URL}/why/dec_1",
        relevance=0.8,
        facts=facts_in(product["desc"]),
    )


def _token(product: dict[str, str]) -> str:
    """A click token as serving makes them, another for each product."""
    digest = hashlib.sha256(product["url"].encode()).digest()
    number = 1 + int.from_bytes(digest[16:20], "big") % _NUMBERS
    return _TOKENS.mint(id_from_bytes("dec", digest[:16]), number)


def facts_in(description: str) -> tuple[str, ...]:
    """What an advertiser would have approved: what a description says, whole and claim by claim."""
    whole, claims = [], []
    for sentence in re.split(r"(?<=[.!?])\s+", description):
        plain = sentence.strip().rstrip(".!? ")
        whole += [plain, _LEAD.sub("", plain)]
        short = _ELABORATION.split(_LEAD.sub("", plain), maxsplit=1)[0]
        claims += re.split(r",\s*(?:and\s+)?", short)
    said = [fact[0].upper() + fact[1:] for fact in (*whole, *claims) if len(fact.split()) >= 2]
    return tuple(dict.fromkeys(said))


def answers(data: Path) -> list[tuple[str, str, dict[str, str]]]:
    """GI-R's answers: with the insert, without it, and the product."""
    found = []
    for path in sorted((data / "gembench" / "baseline_outputs").glob("GI-R__*.json")):
        for rows in json.loads(path.read_text("utf-8")).values():
            for row in rows:
                product = row["product"]
                insert = f"[{product['name']}]({product['url']}):{product['desc']}"
                if insert in row["content"]:
                    organic = row["content"].replace(insert, "", 1)
                    found.append((row["content"], organic, product))
    return found


def counter() -> tuple[str, Callable[[str], int]]:
    """tiktoken's o200k, whose table litellm carries; nothing is fetched."""
    home = importlib.util.find_spec("litellm")
    if home is None or home.origin is None:
        raise SystemExit("litellm, which carries the table of tokens, is not installed.")
    carried = Path(home.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(carried)
    import tiktoken

    encoding = tiktoken.get_encoding("o200k_base")
    return encoding.name, lambda text: len(encoding.encode(text, disallowed_special=()))
