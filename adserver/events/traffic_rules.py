"""What tells a click that nobody meant from one that somebody did. Pure.

General rules look at one visit and at how often its network came; behaviour looks at the app that
showed the ad. A rule needs enough to go by before it speaks, so that a small app with one eager
reader is not accused. Whatever is refused is refused with its name, and the reader goes on.

    one visit     too_fast, self_click, data_centre
    its network   repeated (the same campaign again), rate (too many clicks)
    its app       identical_prompts, same_addresses, click_rate
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adserver.events.click_rules import Unbilled

# Nobody reads an answer to its end and reaches for the ad in less.
QUICKEST: Final = timedelta(milliseconds=600)
CAMPAIGN_CLICKS_A_DAY: Final = 2
CLICKS_AN_HOUR: Final = 8
CLICKS_A_DAY: Final = 20
SAME_PROMPT_A_DAY: Final = 12
# How many clicks of an app's day there must be before its habits mean anything.
ENOUGH_CLICKS: Final = 12
# In percent: people click a few of a hundred ads, and come from many places.
MOST_CLICKED_PERCENT: Final = 25
FEWEST_NETWORKS_PERCENT: Final = 25


@dataclass(frozen=True, slots=True)
class Habits:
    """What is known of a visit when it is judged; counts are of the last day, this one included."""

    since_delivery: timedelta
    is_insider: bool = False
    is_data_centre: bool = False
    campaign_clicks: int = 1
    clicks_this_hour: int = 1
    clicks_today: int = 1
    same_prompt: int = 1
    app_clicks: int = 1
    app_networks: int = 1
    app_delivered: int = 1


def suspicion(habits: Habits) -> Unbilled | None:
    """The first rule that speaks against a click, or None."""
    verdicts = {
        Unbilled.SELF_CLICK: habits.is_insider,
        Unbilled.TOO_FAST: habits.since_delivery < QUICKEST,
        Unbilled.DATA_CENTRE: habits.is_data_centre,
        Unbilled.REPEATED: habits.campaign_clicks > CAMPAIGN_CLICKS_A_DAY,
        Unbilled.RATE: habits.clicks_this_hour > CLICKS_AN_HOUR
        or habits.clicks_today > CLICKS_A_DAY,
        Unbilled.IDENTICAL_PROMPTS: habits.same_prompt > SAME_PROMPT_A_DAY,
        Unbilled.SAME_ADDRESSES: come_from_few(habits.app_clicks, habits.app_networks),
        Unbilled.CLICK_RATE: is_outlier(habits.app_clicks, habits.app_delivered),
    }
    return next((reason for reason, holds in verdicts.items() if holds), None)


def is_outlier(clicks: int, delivered: int) -> bool:
    """Whether an app's ads are clicked more often than people click."""
    return clicks >= ENOUGH_CLICKS and clicks * 100 > delivered * MOST_CLICKED_PERCENT


def come_from_few(clicks: int, networks: int) -> bool:
    """Whether an app's clicks come from too few places for their number."""
    return clicks >= ENOUGH_CLICKS and networks * 100 < clicks * FEWEST_NETWORKS_PERCENT
