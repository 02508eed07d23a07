"""Rules against invalid traffic: each speaks by its name, and none of a person's habits trips one."""

from datetime import timedelta

import pytest

from adserver.events.click_rules import Unbilled
from adserver.events.traffic_rules import Habits, suspicion

READING = timedelta(seconds=9)


@pytest.mark.parametrize(
    ("habits", "reason"),
    [
        (Habits(timedelta(milliseconds=200)), Unbilled.TOO_FAST),
        (Habits(READING, is_insider=True), Unbilled.SELF_CLICK),
        (Habits(READING, is_data_centre=True), Unbilled.DATA_CENTRE),
        (Habits(READING, campaign_clicks=3), Unbilled.REPEATED),
        (Habits(READING, clicks_this_hour=9), Unbilled.RATE),
        (Habits(READING, clicks_today=21), Unbilled.RATE),
        (Habits(READING, same_prompt=13), Unbilled.IDENTICAL_PROMPTS),
        (
            Habits(READING, app_clicks=40, app_networks=3, app_delivered=4_000),
            Unbilled.SAME_ADDRESSES,
        ),
        (Habits(READING, app_clicks=30, app_networks=30, app_delivered=60), Unbilled.CLICK_RATE),
    ],
)
def test_a_habit_that_no_person_has_is_named(habits: Habits, reason: Unbilled) -> None:
    assert suspicion(habits) is reason


@pytest.mark.parametrize(
    "habits",
    [
        Habits(READING),
        Habits(READING, campaign_clicks=2, clicks_this_hour=4, clicks_today=9),
        # A new app with one eager reader: too little to go by.
        Habits(READING, app_clicks=8, app_networks=1, app_delivered=10),
        Habits(READING, app_clicks=90, app_networks=70, app_delivered=1_500),
        Habits(READING, same_prompt=5),
    ],
)
def test_what_people_do_is_not_suspicious(habits: Habits) -> None:
    assert suspicion(habits) is None
