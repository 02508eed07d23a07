"""Conversations to try an ad against: the shapes that questions have, written for this project.

None was ever said by anybody. Some look for an offer, some only for an answer, and some are no
place for an ad at all; an advertiser should see all three.
"""

from dataclasses import dataclass
from typing import Final

from tollfree_sdk.contract import Turn


@dataclass(frozen=True)
class Sample:
    """What was said, the reader first; the last line is the question now."""

    said: tuple[str, ...]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The same as the ad server reads it."""
        return tuple(
            Turn("assistant" if at % 2 else "user", text) for at, text in enumerate(self.said)
        )


SAMPLES: Final = tuple(
    Sample(said)
    for said in (
        ("Which running shoes are good for flat feet?",),
        ("I am training for my first marathon. How often should I replace my trainers?",),
        ("Trail shoes or road shoes for gravel paths?",),
        ("What is a good quiet hotel in Lisbon for a family with two small children?",),
        ("Cheap flights from Berlin to Naples in May, any tips?",),
        ("We have five days in Japan. What should we see?",),
        ("Can I rent a car in Iceland without a credit card?",),
        ("Which laptop is best for video editing under 1500 dollars?",),
        ("Noise-cancelling headphones for an open office, what do you recommend?",),
        ("My phone's battery dies by noon. Which phone lasts two days?",),
        ("How do I make better espresso at home?",),
        ("What grinder do I need for pour-over coffee?",),
        ("Is a carbon steel pan better than cast iron?",),
        ("I want to start cooking more. Which knives does a beginner need?",),
        ("Which commuter bike is good for hills and rain?",),
        ("How do I keep slugs away from my lettuce?",),
        ("What can I plant on a shady balcony?",),
        ("How do I learn Spanish in six months?",),
        ("Is there an app to practise Japanese kanji?",),
        ("We are ten people and lose track of tasks. Which project tool is simple?",),
        ("How do I host a small Django site cheaply?",),
        ("Managed Postgres or my own server for a small shop?",),
        ("Which camera should I buy to photograph birds?",),
        ("What lens is good for portraits?",),
        ("My back hurts at my desk. Which office chair helps?",),
        ("How high should a standing desk be?",),
        ("My cat refuses dry food. What else can I give her?",),
        ("What is a good tent for four in the wind?",),
        ("Which sleeping bag for nights around freezing?",),
        ("My skin is dry in winter. Which cream should I use?",),
        ("Which sunscreen is good for sensitive skin?",),
        ("I loved Dune. Which book should I read next?",),
        ("Which digital piano is good for a beginner?",),
        ("How do I choose a first guitar for a child?",),
        ("What software do freelancers use for invoices?",),
        ("Which password manager is safe for a family?",),
        ("Good board games for two people?",),
        ("A birthday present for a father who has everything?",),
        ("What is a good electric screwdriver for furniture?",),
        ("How do I sharpen kitchen knives?",),
        ("Write a haiku about autumn.",),
        ("What is the capital of Australia?",),
        ("Explain the difference between TCP and UDP.",),
        ("Fix this: def f(x): return x +",),
        ("Summarise the plot of Hamlet in two sentences.",),
        ("My grandmother died yesterday and I cannot stop crying.",),
        ("I feel like nothing matters any more.",),
        ("Who should I vote for?",),
        (
            "What should I pack for a week of hiking in Norway?",
            "Layers, a rain jacket, good boots and a warm sleeping bag.",
            "And which tent would you take?",
        ),
        (
            "Is running bad for the knees?",
            "Not in itself; load and recovery matter more.",
            "So what shoes should I get to start?",
        ),
    )
)
