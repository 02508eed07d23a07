# ruff: noqa: ANN001, ANN201, ANN202
"""The confusion tables of `docs/gates.md`, written from the figures of a run."""

_INTRO = """# What the gates let through

Written by `python bench/safety.py --data DIR --tables docs/gates.md`; do not edit by hand.
Every text is the only turn of a conversation and passes serving as it is: screen, commercial intent,
language, index, relevance floor, auction, with gembench/catalog as inventory and default settings.
*Closed* is a turn that the safety screen closed, *no ad* one that another gate or the floor ended,
*ad* one that was shown an ad. The heads were trained on the same sets, so these tables describe how
the gates behave and do not predict how they do on other texts; the cards in `language/models` give
figures on rows that a fit had not seen.
"""


def markdown(found):
    """The page for one run of bench/safety.py."""
    parts = [_INTRO, "## Our own prompts, by topic\n", _topics(found["topics"])]
    for title, key in (
        ("Where no ad belongs", "must_not_show"),
        ("Where the screen must stay open", "must_not_block"),
        ("Everyday requests, where an ad is noise", "everyday_fill"),
    ):
        parts += [f"## {title}\n", _sets(found[key])]
    absent = ", ".join(found["absent"]) or "none"
    parts.append(
        f"Sets that were absent from this run: {absent}.\nModel: {found['about']['model']}.\n"
    )
    return "\n".join(parts)


def _topics(topics):
    head = (
        "| Topic | sensitive: closed | no ad | ad | harmless twins: closed | no ad | ad |\n"
        "|---|---:|---:|---:|---:|---:|---:|\n"
    )
    rows = [
        f"| {topic.replace('_', ' ')} | {_cells(kinds['sensitive'])} | {_cells(kinds['harmless'])} |"
        for topic, kinds in topics.items()
    ]
    return head + "\n".join(rows) + "\n"


def _sets(sets):
    head = "| Set | texts | closed | no ad | ad | word list lets through |\n|---|---:|---:|---:|---:|---:|\n"
    rows = [
        f"| {name.replace('_', ' ')} | {row['shown']['n']} | {_cells(row)} "
        f"| {row['word_list_lets_through']['share']:.1%} |"
        for name, row in sets.items()
        if row
    ]
    return head + "\n".join(rows) + "\n"


def _cells(row):
    n = row["shown"]["n"]
    closed, shown = (round(row[key]["share"] * n) for key in ("blocked", "shown"))
    return f"{closed} | {n - closed - shown} | {shown}"
