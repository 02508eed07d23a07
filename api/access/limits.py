"""How much a caller may ask for: the limits of one subject, and what a tier makes of them.

Pure values. An operator writes limits as ``rpm=60,rpd=5000,tpm=200000,tpd=4000000,concurrent=16``;
a part that is not named keeps its default. A tier multiplies the limits of keys and apps, never
those of an address prefix, because many callers may share one.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Final

from kernel.errors import SettingsInvalid

MINUTE: Final = 60
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests and tokens per minute and per UTC day, and answers being written at once."""

    rpm: int
    rpd: int
    tpm: int
    tpd: int
    concurrent: int

    def times(self, factor: float) -> "Limits":
        """These limits for a tier; none falls below one."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return Limits(**{name: max(1, int(value * factor)) for name, value in named.items()})


_VAST: Final = Limits(
    rpm=10**9, rpd=10**11, tpm=10**12, tpd=10**14, concurrent=10**6
)  # One machine for oneself has no neighbours to protect.


@dataclass(frozen=True, slots=True)
class Tier:
    """What an app's standing allows: a share of the limits, and how large one request may be.

    `max_tool_rounds` is how often a model may have called tools since the last word of a person.
    """

    name: str
    factor: float
    max_output_tokens: int
    max_choices: int
    max_context_tokens: int
    max_tool_rounds: int


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """What the operator set, for keys, apps and address prefixes, and for one answer."""

    key: Limits
    app: Limits
    address: Limits
    max_output_tokens: int = 16_384
    max_choices: int = 8
    max_context_tokens: int = 32_768
    max_tool_rounds: int = 24
    #: All callers together, and beyond it nobody is served.
    everyone: Limits = _VAST
    _tiers: dict[str, Tier] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tiers", {name: self._tier(name) for name in TIERS})

    def tier(self, name: str) -> Tier:
        """The tier of that name; an unknown name counts as `standard`."""
        return self._tiers.get(name) or self._tiers[STANDARD]

    def _tier(self, name: str) -> Tier:
        factor = TIERS[name]
        each = (
            self.max_output_tokens, self.max_choices, self.max_context_tokens, self.max_tool_rounds,
        )  # fmt: skip
        return Tier(name, factor, *(max(1, int(most * min(factor, 2.0))) for most in each))


STANDARD: Final = "standard"
TIERS: Final = {"new": 0.25, STANDARD: 1.0, "trusted": 5.0}

GENEROUS: Final = QuotaPlan(
    _VAST,
    _VAST,
    _VAST,
    max_output_tokens=10**6,
    max_choices=128,
    max_context_tokens=10**7,
    max_tool_rounds=1_000,
)
PUBLIC: Final = QuotaPlan(
    key=Limits(rpm=60, rpd=5_000, tpm=200_000, tpd=4_000_000, concurrent=16),
    app=Limits(rpm=120, rpd=10_000, tpm=400_000, tpd=8_000_000, concurrent=32),
    address=Limits(rpm=600, rpd=50_000, tpm=2_000_000, tpd=40_000_000, concurrent=64),
    everyone=Limits(rpm=60_000, rpd=10**7, tpm=10**8, tpd=10**10, concurrent=4_000),
)


def limits_from(text: str, default: Limits, *, setting: str) -> Limits:
    """Read ``rpm=60,tpd=1000000``. Raises SettingsInvalid that names the setting."""
    try:
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        given = {name.strip(): int(value) for name, _, value in pairs}
        limits = replace(default, **given)
    except (ValueError, TypeError):
        raise SettingsInvalid(
            f"{setting} must look like rpm=60,rpd=5000,tpm=200000,tpd=4000000,concurrent=16; each "
            "part may be left out.",
            param=setting,
        ) from None
    if min(given.values(), default=1) < 1:
        raise SettingsInvalid(f"Every number in {setting} must be at least 1.", param=setting)
    return limits
