"""An advertiser: who pays, as it is named beside every ad.

    active ──block──► blocked ──unblock──► active

Only ads of active advertisers are served. The name stands next to the disclosure label, so it is
held to the same characters as the copy. Pure.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adserver.catalog.wording import odd_characters
from kernel.errors import BadRequest

_HOST: Final = re.compile(r"(?=.{4,120}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LONGEST_NAME: Final = 80


class AdvertiserStatus(StrEnum):
    """Whether an advertiser's ads may be served."""

    ACTIVE = "active"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Advertiser:
    """``Advertiser("adv_…", "org_…", "Strideworks", "strideworks.example")``."""

    advertiser_id: str
    organisation_id: str
    name: str
    domain: str
    status: AdvertiserStatus = AdvertiserStatus.ACTIVE
    blocked_reason: str | None = None


def advertiser_name(text: str) -> str:
    """The name to show, spaces tidied. Raises BadRequest for one that could mislead or break out."""
    name = " ".join(text.split())
    if not 2 <= len(name) <= _LONGEST_NAME:
        raise BadRequest(f"An advertiser's name has 2 to {_LONGEST_NAME} characters.", param="name")
    if odd := odd_characters(name):
        raise BadRequest(f"The name holds {odd[0][1]}. Type it again without.", param="name")
    return name


def advertiser_domain(text: str) -> str:
    """A plain host name such as ``strideworks.example``. Raises BadRequest for anything else."""
    domain = text.strip().casefold().removeprefix("www.")
    if not _HOST.fullmatch(domain):
        raise BadRequest(
            "Give the domain alone, such as shop.example, without https:// and path.",
            param="domain",
        )
    return domain


def is_within(host: str, domain: str) -> bool:
    """Whether `host` is `domain` or stands below it."""
    return host == domain or host.endswith("." + domain)
