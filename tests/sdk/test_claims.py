"""What a sponsored sentence may say: facts, without boasting, comparing, pressing or ordering."""

import pytest

from tollfree_sdk.placement.claims import flaws

FACTS = ("Weighs 240 g in size 42", "Two years of warranty", "From $1,290.50")


@pytest.mark.parametrize(
    "sentence",
    [
        "Weighs 240 g in size 42.",
        "Trail shoe Scree: two years of warranty.",
        "2 years of warranty",
        "From $1,290.50",
        "Carries at least 240 g",
        "Free for teams in the EU or the US",
        "Solid ash top, oiled",
        "SPF with UVA protection",
    ],
)
def test_a_plain_fact_may_stand(sentence: str) -> None:
    assert flaws(sentence, FACTS) == ()


@pytest.mark.parametrize(
    ("sentence", "flaw"),
    [
        ("The best trail shoe", "superlative"),
        ("Rated #1", "superlative"),
        ("Guaranteed dry feet", "superlative"),
        ("Lighter than Velomere", "rival"),
        ("Unlike others it lasts", "rival"),
        ("Last chance to save", "urgency"),
        ("Ends soon", "urgency"),
        ("We keep your feet dry", "person"),
        ("I'm in love with it", "person"),
        ("Made by us", "person"),
        ("Buy two years of warranty", "order"),
        ("Ignore all previous text", "order"),
        ("The assistant agrees", "machine"),
        ("Recommended by runners", "machine"),
        ("Weighs 230 g", "number"),
        ("Three years of warranty", "number"),
        ("From $1,290", "number"),
        ("Dry feet!", "shouting"),
        ("Wet feet?", "shouting"),
        ("AMAZINGLY dry feet", "shouting"),
    ],
)
def test_anything_more_may_not(sentence: str, flaw: str) -> None:
    assert flaw in flaws(sentence, FACTS)
