"""Where a campaign wants to be seen. Pure.

An empty list means "anywhere". Keywords steer matching towards a subject; negative keywords and the
names of excluded brands keep ads away from it; countries, languages, categories and formats are hard
filters. Refuses values that could never match, so that a typing error does not silently stop a
campaign.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from adserver.catalog.iab import own_category
from kernel.errors import BadRequest
from tollfree_sdk.contract import Format

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
#: What a campaign buys: a card after the answer, or one sentence in it where the caller wants that.
PAID_FORMATS: Final = (Format.UNIT.value, Format.MENTION.value)
_MOST_KEYWORDS: Final = 200
_LONGEST_KEYWORD: Final = 60
_MOST_IMPRESSIONS: Final = 50
# What is known of a reader is forgotten after a week.
_LONGEST_CAP_HOURS: Final = 168


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """``FrequencyCap(impressions=3, hours=24)``: one reader sees the campaign thrice a day at most."""

    impressions: int
    hours: int


@dataclass(frozen=True, slots=True)
class Targeting:
    """``Targeting(countries=("DE", "AT"), languages=("de",), negative_keywords=("used",))``.

    Countries are ISO 3166-1 alpha-2 in capitals, languages ISO 639 in small letters.
    """

    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    negative_keywords: tuple[str, ...] = ()
    excluded_brands: tuple[str, ...] = ()
    formats: tuple[str, ...] = PAID_FORMATS
    frequency: FrequencyCap | None = None

    def allows_country(self, country: str | None) -> bool:
        """Whether a turn from `country` may carry this; an unknown country only meets no rule."""
        return not self.countries or country in self.countries

    def allows_language(self, language: str | None) -> bool:
        """Whether a turn in `language` (BCP 47) may carry this."""
        return not self.languages or (language or "").partition("-")[0] in self.languages


def targeting(values: Mapping[str, Any]) -> Targeting:
    """Read targeting from a form or a row. Raises BadRequest that names the wrong value."""
    unknown = set(values) - set(Targeting.__slots__)
    if unknown:
        raise BadRequest(f"Targeting has no {min(unknown)}.", param="targeting")
    read = Targeting(
        countries=_all_match(values.get("countries", ()), _COUNTRY, "countries", str.upper),
        languages=_all_match(values.get("languages", ()), _LANGUAGE, "languages", str.lower),
        categories=_once(own_category(name) for name in values.get("categories", ())),
        keywords=_keywords(values.get("keywords", ()), "keywords"),
        negative_keywords=_keywords(values.get("negative_keywords", ()), "negative_keywords"),
        excluded_brands=_keywords(values.get("excluded_brands", ()), "excluded_brands"),
        formats=_all_in(
            values.get("formats") or PAID_FORMATS,
            [form.value for form in Format],
            "formats",
        ),
        frequency=_frequency(values.get("frequency")),
    )
    if clash := set(read.keywords) & set(read.negative_keywords):
        raise BadRequest(
            f"{min(clash)!r} is a keyword and a negative keyword. Keep it in one list.",
            param="negative_keywords",
        )
    return read


def targeting_row(wanted: Targeting) -> dict[str, Any]:
    """The same as JSON, for the row."""
    return {
        name: list(values) if isinstance(values, tuple) else values
        for name, values in asdict(wanted).items()
    }


def _frequency(values: Mapping[str, Any] | None) -> FrequencyCap | None:
    if not values:
        return None
    try:
        cap = FrequencyCap(int(values["impressions"]), int(values["hours"]))
    except (KeyError, TypeError, ValueError):
        raise BadRequest(
            "A frequency cap has a number of impressions and a number of hours.", param="frequency"
        ) from None
    if not (1 <= cap.impressions <= _MOST_IMPRESSIONS and 1 <= cap.hours <= _LONGEST_CAP_HOURS):
        raise BadRequest(
            f"A frequency cap allows 1 to {_MOST_IMPRESSIONS} impressions within 1 to "
            f"{_LONGEST_CAP_HOURS} hours.",
            param="frequency",
        )
    return cap


def _all_match(
    values: Iterable[str], shape: re.Pattern[str], param: str, case: Any
) -> tuple[str, ...]:
    read = _once(case(value.strip()) for value in values)
    for value in read:
        if not shape.fullmatch(value):
            raise BadRequest(f"{value!r} is not a code that {param} knows.", param=param)
    return read


def _all_in(values: Iterable[str], allowed: Iterable[str], param: str) -> tuple[str, ...]:
    read, known = _once(values), set(allowed)
    for value in read:
        if value not in known:
            raise BadRequest(f"{value!r} is not one of our {param}.", param=param)
    return read


def _keywords(values: Iterable[str], param: str) -> tuple[str, ...]:
    read = _once(" ".join(value.casefold().split()) for value in values)
    if len(read) > _MOST_KEYWORDS:
        raise BadRequest(f"Give at most {_MOST_KEYWORDS} {param}.", param=param)
    for value in read:
        if not value or len(value) > _LONGEST_KEYWORD:
            raise BadRequest(
                f"Each of {param} has 1 to {_LONGEST_KEYWORD} characters.", param=param
            )
    return read


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
