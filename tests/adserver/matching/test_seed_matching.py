"""With the inventory of the demo, a question finds the creative that answers it."""

from functools import cache

import pytest

from adserver.matching.creative_vectors import CreativeVectors
from adserver.matching.index import CreativeIndex
from adserver.matching.kept_vectors import KeptVectors
from adserver.matching.relevance import FLOOR, relevance
from language import commercial_intent
from language.embedder import OnnxEmbedder
from language.sensitive_topics import screen
from tests.adserver.matching.creatives import seed_creatives
from tests.language.exported_model import exported_model, real_embedder
from tollfree import sample_vectors

QUESTIONS = [
    ("I overpronate. What running shoes should I buy?", "running"),
    ("What shoes do you recommend for a marathon on asphalt?", "running"),
    ("recommend a quiet hotel in Lisbon", "hotels"),
    ("cheap flights to Toronto in October", "flights"),
    ("Which laptop should I get for programming on Linux?", "computers"),
    ("good noise cancelling headphones for an open office", "audio"),
    ("I need an espresso machine for a small kitchen", "coffee"),
    ("which pan should I buy for frying eggs", "cooking"),
    ("electric bike for a daily commute, any suggestions?", "bicycles"),
    ("what seeds should I buy for a shady balcony", "gardening"),
    ("which app should I get to learn Japanese?", "language-learning"),
    ("project management tool for a team of five", "productivity"),
    ("managed PostgreSQL hosting, which provider?", "cloud-hosting"),
    ("first mirrorless camera for a beginner", "cameras"),
    ("standing desk for a home office", "furniture"),
    ("what food should I buy for a picky cat", "pets"),
    ("lightweight tent for two people", "camping"),
    ("face cream for dry skin", "skincare"),
    ("rent a car in Sicily without hidden costs", "car-rental"),
    ("beginner acoustic guitar under $200", "music"),
]
UNANSWERED = [
    "best kitchen sink faucet",
    "which mortgage is the cheapest",
    "tickets for the football final",
    "buy a wedding dress",
    "new tyres for my car",
]


@cache
def an_index() -> CreativeIndex:
    embedder = real_embedder()
    # Made at install; where the model was exported for this run only, they are made here.
    installed = KeptVectors(sample_vectors.folder_in(exported_model()))
    kept, vectors = CreativeVectors(embedder, kept=installed).embed(seed_creatives())
    return CreativeIndex(kept, vectors, model_id=embedder.model_id)


@pytest.mark.parametrize(("question", "category"), QUESTIONS)
def test_a_question_finds_its_category_well_above_the_floor(
    question: str, category: str, embedder: OnnxEmbedder
) -> None:
    best = an_index().search(embedder.embed(question), None, 3)

    assert an_index().creatives[best[0].position].category == category
    assert relevance(best[0].similarity, embedder.model_id) > FLOOR


@pytest.mark.parametrize(("question", "_category"), QUESTIONS)
def test_such_a_question_passes_both_gates(
    question: str, _category: str, embedder: OnnxEmbedder
) -> None:
    vector = embedder.embed(question)

    assert screen(question, vector, model_id=embedder.model_id) is None
    assert commercial_intent.score(question, vector, model_id=embedder.model_id) >= 0.5


@pytest.mark.parametrize("question", UNANSWERED)
def test_a_question_that_nobody_sells_for_stays_below_the_floor(
    question: str, embedder: OnnxEmbedder
) -> None:
    best = an_index().search(embedder.embed(question), None, 1)[0]

    assert relevance(best.similarity, embedder.model_id) < FLOOR


def test_flat_feet_find_the_shoe_for_flat_feet(embedder: OnnxEmbedder) -> None:
    best = an_index().search(embedder.embed("best running shoes for flat feet"), None, 1)[0]

    assert "flat feet" in an_index().creatives[best.position].title


def test_prompts_written_for_a_creative_lead_back_to_its_category(embedder: OnnxEmbedder) -> None:
    creatives = an_index().creatives
    asked = [(prompt, at) for at, one in enumerate(creatives) for prompt in one.example_prompts]

    right = sum(
        creatives[an_index().search(embedder.embed(prompt), None, 1)[0].position].category
        == creatives[at].category
        for prompt, at in asked
    )

    assert right / len(asked) >= 0.97
