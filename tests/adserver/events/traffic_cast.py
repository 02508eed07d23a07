"""People, bots and farmers, who visit the links of ads as each of them would.

Everybody is drawn from a seed. People read before they click, come from their own homes, and click a
few of a hundred ads. Bots with browsers' names come fast, from few places, or for every ad. Farmers
own the app: they ask for ads themselves, with the same questions, and click them.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
DECLARED = ("Googlebot/2.1", "facebookexternalhit/1.1", "curl/8.5", "HeadlessChrome/140.0")


@dataclass(frozen=True, slots=True)
class Act:
    """One turn that was given an ad, and whether its link is followed: when, from where, as whom."""

    who: str
    app: str
    prompt: str
    clicks: bool
    after_s: float
    address: str
    user_agent: str = CHROME


@dataclass
class Tally:
    """What became of the clicks of each kind."""

    clicks: Counter[str] = field(default_factory=Counter)
    billed: Counter[str] = field(default_factory=Counter)
    given_back: Counter[str] = field(default_factory=Counter)

    def share(self, who: str) -> float:
        """The part of a kind's clicks that cost money in the end."""
        return (self.billed[who] - self.given_back[who]) / max(1, self.clicks[who])


def a_day(seed: int, *, people: int, apps: int = 12) -> list[Act]:
    """One day of a network in which most are people."""
    draw = random.Random(seed)  # noqa: S311  a play, not a secret
    acts = [
        *_people(draw, people, apps),
        *_bots(draw, people // 4),
        *_farmers(draw, farms=3, turns=max(60, people // 25)),
    ]
    draw.shuffle(acts)
    return acts


async def play(
    acts: list[Act], follow: Callable[[Act], Awaitable[bool]], tally: Tally
) -> list[tuple[Act, bool]]:
    """Let them all act; returns who was billed."""
    done = []
    for act in acts:
        billed = await follow(act)
        if act.clicks:
            tally.clicks[act.who] += 1
            tally.billed[act.who] += billed
        done.append((act, billed))
    return done


def _people(draw: random.Random, count: int, apps: int) -> Iterator[Act]:
    for number in range(count):
        yield Act(
            who="person",
            app=f"app_{draw.randrange(apps)}",
            prompt=f"question {number} about {draw.randrange(10**6)}",
            clicks=draw.random() < 0.05,
            after_s=draw.uniform(2, 90),
            address=_home(draw),
        )


def _bots(draw: random.Random, count: int) -> Iterator[Act]:
    """Half of them say what they are; the others look like a browser and behave like a machine."""
    few = [_home(draw) for _ in range(2)]
    for number in range(count):
        declared = number % 2 == 0
        yield Act(
            who="bot",
            app="app_scraped",
            prompt=f"question {draw.randrange(10**6)}",
            clicks=True,
            after_s=draw.uniform(0.01, 0.5) if number % 4 < 3 else draw.uniform(1, 5),
            address=draw.choice(few),
            user_agent=draw.choice(DECLARED) if declared else CHROME,
        )


def _farmers(draw: random.Random, *, farms: int, turns: int) -> Iterator[Act]:
    for farm in range(farms):
        # A small farm has one machine, a large one a few; none has a town of readers.
        homes = [_home(draw) for _ in range(1 + farm * 3)]
        prompts = [f"best shoes {number}" for number in range(4)]
        for _ in range(turns):
            yield Act(
                who="farmer",
                app=f"farm_{farm}",
                prompt=draw.choice(prompts),
                clicks=draw.random() < 0.6,
                after_s=draw.uniform(1, 20),
                address=draw.choice(homes),
            )


def _home(draw: random.Random) -> str:
    return f"{draw.randrange(11, 90)}.{draw.randrange(1, 250)}.{draw.randrange(250)}.{draw.randrange(1, 250)}"
