"""Who follows a link: a reader, or a machine that looks at it. Pure.

Machines that name themselves are taken at their word: crawlers, link previews, monitors, browsers
without a window, and requests that fetch ahead of a reader. What lies about itself is found
elsewhere, by its behaviour. A refusal never stops the redirect.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

from adserver.events.known_crawlers import is_known_crawler

# "cubot" is a make of phone.
_CRAWLER: Final = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|scrap(?:y|er)|archiver|indexer|fetcher|preview|unfurl|"
    r"externalhit|embedly|whatsapp|telegram|skypeuri|vkshare|pinterest/|bitlybot|"
    r"headless|phantomjs|puppeteer|playwright|selenium|webdriver|lighthouse|"
    r"monitor|pingdom|uptime|statuscake|site24x7|validator|checker|scanner|censys|nmap|nikto|"
    r"feedfetcher|mediapartners|adsbot|bingpreview|yandex(?:images|media|direct)|ia_archiver|"
    r"gptbot|oai-searchbot|chatgpt-user|claude|anthropic|perplexity|cohere-ai|bytespider"
)
_PROGRAM: Final = re.compile(
    r"^(?:curl|wget|python|httpx|aiohttp|go-http-client|java|okhttp|apache-httpclient|axios|node|"
    r"undici|got |deno|bun|ruby|faraday|perl|libwww|lwp|php|guzzle|dart|postman|insomnia|httpie|"
    r"reqwest|rust|winhttp|powershell|mozilla/\d\.\d$)"
)
_AHEAD: Final = re.compile(r"prefetch|prerender|preview")


class Machine(StrEnum):
    """Why a visit is not a reader's."""

    HEAD = "head"
    PREFETCH = "prefetch"
    CRAWLER = "crawler"
    PROGRAM = "program"


def machine(
    *, method: str, user_agent: str | None, purpose: str | None = None, programs_pay: bool = False
) -> Machine | None:
    """What the visit gives itself away as; None for a reader, as far as headers tell.

    `purpose` is what the headers Sec-Purpose, Purpose or X-Moz say. With `programs_pay` the plain
    HTTP clients of developers count as readers, which is for trying things out with test money.
    """
    if method != "GET":
        return Machine.HEAD
    if purpose is not None and _AHEAD.search(purpose.casefold()):
        return Machine.PREFETCH
    named = (user_agent or "").strip()
    found = _by_name(named) if len(named) > _LONGEST_KEPT else _by_known_name(named)
    return None if programs_pay and found is Machine.PROGRAM else found


def _by_name(named: str) -> Machine | None:
    agent = named.casefold()
    if _CRAWLER.search(agent):
        return Machine.CRAWLER
    if not agent or _PROGRAM.search(agent):
        return Machine.PROGRAM
    return Machine.CRAWLER if is_known_crawler(named) else None


# Readers share a few thousand names, and a look at a name costs as much as its charge.
_by_known_name: Final = lru_cache(maxsize=8_192)(_by_name)
_LONGEST_KEPT: Final = 512
