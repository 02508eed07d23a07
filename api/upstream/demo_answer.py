"""What the demo model says: honest outlines made of the user's own words.

Pure and deterministic. It states that it is a small program and claims nothing about the world, so
that nobody takes its text for knowledge. It has lists, tables, code and shop links where the words
ask for them, because later stages of the road treat each of those differently.
"""

from hashlib import blake2b
from typing import Final
from urllib.parse import quote_plus

from api.upstream.demo_words import Wishes

_INTRO: Final = (
    "This is Tollfree’s demo model: a small built-in program that arranges your own words. "
    "Take what follows as an outline, not as facts."
)
_NEXT: Final = (
    "For answers with knowledge behind them, set a provider key or start Ollama on this machine "
    "and restart Tollfree; everything else stays as it is."
)
SENSITIVE: Final = (
    "This is Tollfree’s demo model, a small program that arranges words, and what you write about "
    "deserves better than that.\n\nPlease take it to a person or a source that you trust. If anyone "
    "is in danger, call your local emergency number now."
)
REFUSAL: Final = (
    "I’m sorry, but I can’t help with that request.\n\nYou asked to see a refusal, and this is what "
    "one looks like."
)
_GREETING: Final = (
    "Hello! This is Tollfree’s demo model, a small built-in program.\n\nAsk about something that you "
    "would like to buy, plan or learn, for example “What are good running shoes for flat feet?”, "
    "and watch what comes back after the answer. Ask for code, a table or shop links to see those."
)
_OPENINGS: Final = (
    "Here is an order of steps that works for **{subject}**:",
    "One way to get further with **{subject}**:",
    "To come to a decision about **{subject}**, go step by step:",
)
_STEPS: Final = (
    (
        "**Say what you need.** One sentence about {first}, with the thing that matters most to you.",
        "**Set your limits.** A budget, a date, and one thing about {second} that rules an option out.",
        "**Find three options.** Two well-known ones and one that somebody near you recommends.",
        (
            "**Compare them on the same points.** What each costs, how long it lasts, how easily you can "
            "change your mind."
        ),
        "**Try before you settle.** A small test of {first} tells more than another evening of reading.",
    ),
    (
        "**Write down where you stand.** What you have already, and what about {first} is missing.",
        (
            "**Ask two people who have done it.** What would they do again, and what about {second} "
            "would they skip?"
        ),
        "**Put the options side by side.** The same three questions for each, answered in one line.",
        "**Choose the one that is easiest to undo.** A good first choice leaves room for a second.",
    ),
    (
        "**Begin with the use.** When and where does {first} come into your week?",
        "**Mind the details.** With {second}, fit and upkeep often count more than the brand.",
        "**Look at the whole price.** What it costs to start, and what it costs to keep.",
        "**Decide on a day.** Give yourself a week, then take the best option that you have seen.",
    ),
)
_ESSAY: Final = (
    (
        "A good account of {subject} starts with what it is for. Who meets {first}, and what do they "
        "hope to get from it? Once that is clear, most of the details fall into place."
    ),
    (
        "Next comes how it works. Take {first} apart into two or three pieces, say what each of them "
        "does, and then put them together again. If {second} does not fit into that picture, the "
        "picture is still too simple."
    ),
    (
        "Last come the limits. Every rule about {subject} has cases where it fails, and naming one "
        "of them is the quickest way to show that the rest was understood."
    ),
)
_CODE: Final = {
    "python": (
        "items = [{items}]\n\nfor position, item in enumerate(items, start=1):\n"
        '    print(f"{{position}}. {{item}}")'
    ),
    "javascript": (
        "const items = [{items}];\n\nitems.forEach((item, index) => {{\n"
        "  console.log(`${{index + 1}}. ${{item}}`);\n}});"
    ),
    "sql": "SELECT name, price\nFROM items\nWHERE name IN ({items})\nORDER BY price;",
    "bash": 'for item in {words}; do\n  echo "$item"\ndone',
}
_SHOPS: Final = (
    ("Lantern Market", "https://lantern-market.example/search?q={query}"),
    ("Harbour Goods", "https://www.harbourgoods.example/products/{slug}?colour=blue&size=m"),
    ("Nine Oaks Store", "https://nineoaks.example/p/{slug}"),
)


def answer(wishes: Wishes) -> str:
    """The whole answer in Markdown, several paragraphs long."""
    if "refusal" in wishes.asks_for:
        return REFUSAL
    if wishes.repeat is not None:
        return wishes.repeat
    if "greeting" in wishes.asks_for or not wishes.quote:
        return _GREETING
    asked = f"You asked: “{wishes.quote}”"
    if wishes.earlier and wishes.earlier != wishes.subject:
        asked += (
            f"\n\nBefore that you brought up {wishes.earlier}; the outline below keeps it in mind."
        )
    sections = [_INTRO, asked, *_sections(wishes)]
    if wishes.earlier is None:
        sections.append(_NEXT)
    return "\n\n".join(sections)


def _sections(wishes: Wishes) -> list[str]:
    sections = []
    if "code" in wishes.asks_for:
        sections.append(_code(wishes))
    if "table" in wishes.asks_for:
        sections.append(_table(wishes))
    if "essay" in wishes.asks_for:
        sections.extend(_filled(paragraph, wishes) for paragraph in _ESSAY)
    if not sections:
        sections.append(_list(wishes))
    if "links" in wishes.asks_for:
        sections.append(_links(wishes))
    return sections


def _list(wishes: Wishes) -> str:
    choice = blake2b(wishes.said.encode("utf-8", "replace"), digest_size=2).digest()
    steps = _STEPS[choice[0] % len(_STEPS)]
    lines = [f"{number}. {_filled(step, wishes)}" for number, step in enumerate(steps, start=1)]
    opening = _filled(_OPENINGS[choice[1] % len(_OPENINGS)], wishes)
    return opening + "\n\n" + "\n".join(lines)


def _table(wishes: Wishes) -> str:
    rows = [f"| {word} | how it should be | what would rule it out |" for word in _words(wishes)]
    head = "| Point | Wish | Limit |\n| --- | --- | --- |\n"
    return "A table to fill in, one row for each point:\n\n" + head + "\n".join(rows)


def _code(wishes: Wishes) -> str:
    said = wishes.said.lower()
    language = next((name for name in _CODE if name in said), "python")
    words = [word.replace("'", "") for word in _words(wishes)]
    quotes = "'" if language == "sql" else '"'
    items = ", ".join(f"{quotes}{word}{quotes}" for word in words)
    body = _CODE[language].format(items=items, words=" ".join(words))
    return (
        f"A starting point in {language}, with your words as its data:\n\n```{language}\n{body}\n```\n\n"
        "Run it once as it is, then change one line at a time."
    )


def _links(wishes: Wishes) -> str:
    words = _words(wishes)
    slug, query = "-".join(words).lower(), quote_plus(" ".join(words))
    lines = [
        f"- [{' '.join(words)} at {shop}]({address.format(slug=quote_plus(slug), query=query)})"
        for shop, address in _SHOPS
    ]
    return (
        "Where links to shops would stand (the shops are invented, the addresses lead nowhere):\n\n"
        + "\n".join(lines)
    )


def _filled(template: str, wishes: Wishes) -> str:
    first, second = f"“{wishes.phrases[0]}”", f"“{wishes.phrases[-1]}”"
    return template.format(subject=wishes.subject, first=first, second=second)


def _words(wishes: Wishes) -> list[str]:
    return list(wishes.keywords[:4]) or [wishes.subject]
