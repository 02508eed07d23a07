"""Read the copy of a creative as a reviewer would, before a reviewer does. Pure.

A finding either *blocks*, because the copy could deceive or is about something we do not sell ads
for, or asks for a *review*: a person decides, and nothing approves it automatically. Lengths are
counted in characters as people see them in an editor (code points).
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from adserver.catalog import wording
from adserver.catalog.advertiser import is_within
from adserver.catalog.categories import CATEGORIES, PROHIBITED, RESTRICTED
from adserver.catalog.creative import LONGEST_BODY, LONGEST_CTA, LONGEST_TITLE, CreativeCopy

CLICK_PARAMETER: Final = "tf_click"
_LONGEST_URL: Final = 900
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_SHOUT: Final = re.compile(r"\b[A-Z]{4,}\b")


class Weight(StrEnum):
    """What a finding means for the submission."""

    BLOCKS = "blocks"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Finding:
    """``Finding("title", "too_long", Weight.BLOCKS, "The title has 74 characters; …")``."""

    field: str
    code: str
    weight: Weight
    message: str


def lint(copy: CreativeCopy, *, domain: str) -> tuple[Finding, ...]:
    """Everything there is to say about `copy` for an advertiser that owns `domain`."""
    return (
        *_lengths(copy),
        *_lists(copy),
        *_characters(copy),
        *_words(copy),
        *_subject(copy),
        *_landing(copy.landing_url, domain),
    )


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that no reviewer can wave through."""
    return tuple(finding for finding in findings if finding.weight is Weight.BLOCKS)


def _lengths(copy: CreativeCopy) -> Iterator[Finding]:
    for field, text, longest in (
        ("title", copy.title, LONGEST_TITLE),
        ("body", copy.body, LONGEST_BODY),
        ("cta", copy.cta, LONGEST_CTA),
    ):
        if not text.strip():
            yield _blocks(field, "empty", f"The {field} is empty.")
        elif len(text) > longest:
            yield _blocks(
                field,
                "too_long",
                f"The {field} has {len(text)} characters; {longest} fit.",
            )


def _lists(copy: CreativeCopy) -> Iterator[Finding]:
    for field, texts, fewest, most, longest in (
        ("facts", copy.facts, 0, 8, 160),
        ("example_prompts", copy.example_prompts, 3, 5, 200),
        ("keywords", copy.keywords, 0, 40, 60),
    ):
        if not fewest <= len(texts) <= most:
            yield _blocks(field, "wrong_number", f"Give {fewest} to {most} {field}.")
        if any(not text.strip() or len(text) > longest for text in texts):
            yield _blocks(field, "too_long", f"Each of {field} has 1 to {longest} characters.")


def _texts(copy: CreativeCopy) -> Iterator[tuple[str, str]]:
    yield from (("title", copy.title), ("body", copy.body), ("cta", copy.cta))
    yield from (("facts", fact) for fact in copy.facts)


def _all_texts(copy: CreativeCopy) -> Iterator[tuple[str, str]]:
    yield from _texts(copy)
    yield from (("example_prompts", prompt) for prompt in copy.example_prompts)
    yield from (("keywords", keyword) for keyword in copy.keywords)


def _characters(copy: CreativeCopy) -> Iterator[Finding]:
    for field, text in _all_texts(copy):
        for code, what in wording.odd_characters(text):
            yield _blocks(field, code, f"The {field} hold {what}. Take it out.")


def _words(copy: CreativeCopy) -> Iterator[Finding]:
    for field, text in _texts(copy):
        plain = wording.plain(text)
        if found := wording.ADDRESS.search(plain):
            yield _blocks(
                field,
                "address_in_copy",
                f"{found[0]!r} reads as an address or number. The link comes from the landing page.",
            )
        if wording.DENIAL.search(plain):
            yield _blocks(field, "denies_being_an_ad", "An ad may not say that it is none.")
        if found := wording.SUPERLATIVE.search(plain):
            yield _review(field, "superlative", f"{found[0]!r} is a claim that needs proof.")
        if found := wording.URGENCY.search(plain):
            yield _review(field, "urgency", f"{found[0]!r} presses the reader.")
        if text.count("!") > 1 or len(_SHOUT.findall(text)) > 1:
            yield _review(field, "shouting", "Capitals and exclamation marks shout.")
    for field, text in _all_texts(copy):
        if wording.TO_THE_MODEL.search(wording.plain(text)):
            yield _blocks(field, "speaks_to_the_model", "Copy speaks to readers, not to the model.")


def _subject(copy: CreativeCopy) -> Iterator[Finding]:
    if copy.category in PROHIBITED:
        yield _prohibited("category", copy.category)
    elif copy.category not in CATEGORIES:
        yield _blocks("category", "unknown_category", f"There is no category {copy.category!r}.")
    elif copy.category in RESTRICTED:
        yield _review("category", "restricted_category", "A person looks at ads of this kind.")
    if not _LANGUAGE.fullmatch(copy.language):
        yield _blocks("language", "unknown_language", "Give the language as two letters: en.")
    for field, text in _all_texts(copy):
        for subject, words in wording.PROHIBITED.items():
            if words.search(wording.plain(text)):
                yield _prohibited(field, subject)


def _landing(url: str, domain: str) -> Iterator[Finding]:
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        yield _url("malformed_url", f"Give a plain address of at most {_LONGEST_URL} characters.")
        return
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        yield _url("malformed_url", "This is not an address.")
        return
    if parts.scheme != "https":
        yield _url("not_https", "The landing page starts with https://.")
    if parts.username is not None or port not in (None, 443) or "\\" in url or _is_address(host):
        yield _url("malformed_url", "Name the page by its domain, without user name and port.")
    elif not is_within(host, domain):
        yield _url("foreign_host", f"The landing page lies on {domain} or below it.")
    if CLICK_PARAMETER in dict(parse_qsl(parts.query, keep_blank_values=True)):
        yield _url("reserved_parameter", f"The parameter {CLICK_PARAMETER} is ours to set.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _prohibited(field: str, subject: str) -> Finding:
    return _blocks(field, "prohibited_category", f"We take no ads for {PROHIBITED[subject]}.")


def _url(code: str, message: str) -> Finding:
    return _blocks("landing_url", code, message)


def _blocks(field: str, code: str, message: str) -> Finding:
    return Finding(field, code, Weight.BLOCKS, message)


def _review(field: str, code: str, message: str) -> Finding:
    return Finding(field, code, Weight.REVIEW, message)
