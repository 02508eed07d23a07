# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204
"""What the load asks: 200 conversations in rotation, or a new one each time."""

import itertools
import random

_THINGS = (
    "running shoes|a laptop for travelling|noise-cancelling headphones|a road bicycle|a tent for four|"
    "coffee beans|a kitchen knife|a flight to Lisbon|a hotel in Vienna|a garden hose|a language course|"
    "project management software|cloud hosting|a mirrorless camera|an office chair|dog food|a rucksack|"
    "a sun cream|a rental car|an electric piano"
).split("|")
_ASKS = (
    "Which {} would you buy if you had about a hundred to spend and wanted it to last for years?|"
    "What should I look for in {} before I decide, and what can I safely ignore?|"
    "Please compare three kinds of {} for somebody who has never owned one before.|"
    "I need {} by next weekend. Where would you start, and what do people usually pay?|"
    "Explain to a beginner how {} works and what makes a good one.|"
    "My old choice of {} did not last. What would be a better one for daily use?|"
    "Write a short list of questions to ask a shop about {}.|"
    "Is it worth paying more for {}, or is the cheap one good enough?|"
    "What are the best deals on {} this month, and are they any good?|"
    "Tell me about the history of {} in two paragraphs."
).split("|")
WARM = [ask.format(thing) for thing in _THINGS for ask in _ASKS]
_WORDS = "small blue quiet sturdy light cheap new used large simple warm dry quick soft".split()


def warm():
    """The 200 conversations, for ever."""
    return itertools.cycle(WARM)


def cold(seed=1):
    """Never the same prompt twice, about 40 tokens each."""
    draw = random.Random(seed)
    for number in itertools.count():
        extra = " ".join(draw.choices(_WORDS, k=14))
        yield f"{draw.choice(WARM)} It should be {extra}, number {number}."
