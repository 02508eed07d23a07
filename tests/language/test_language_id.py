"""Languages are told apart by script and little words; short Latin text counts as English."""

import pytest

from language.language_id import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Which running shoes should I buy?", "en"),
        ("running shoes", "en"),
        ("best hotel in São Paulo", "en"),
        ("Was ist der beste Laufschuh für mich?", "de"),
        ("Quel est le meilleur appareil photo pour débuter ?", "fr"),
        ("¿Cuál es la mejor guitarra para empezar?", "es"),
        ("Qual é o melhor notebook para mim?", "pt"),
        ("Qual è la migliore macchina per il caffè?", "it"),
        ("おすすめのランニングシューズはどれですか", "ja"),
        ("推荐一款跑鞋", "zh"),
        ("추천 러닝화", "ko"),
        ("Какие кроссовки лучше?", "ru"),
        ("ما أفضل حذاء للجري؟", "ar"),
        ("सबसे अच्छे जूते कौन से हैं", "hi"),
        ("iPhone 15 のおすすめケース", "ja"),
    ],
)
def test_a_language_is_recognised(text: str, language: str) -> None:
    assert detect(text) == language


def test_text_without_letters_has_no_language() -> None:
    assert detect("") is None
    assert detect("42 + 1 = ?") is None


@pytest.mark.parametrize(
    "text",
    [
        "recommend a CRM for a small team",
        "a tent for a family",
        "What are the best running shoes? canary3e4a0o7e9d0c2a1e6b8e0a4c5e7f9a1e",
        "my order e3a-4o-7e-9a has not come",
    ],
)
def test_plain_english_stays_english_beside_codes_and_single_letters(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a melhor barraca para a família", "pt"),
        ("Qual é o melhor tênis para correr?", "pt"),
        ("la meilleure tente pour une famille", "fr"),
        ("Welches Zelt ist gut für eine Familie?", "de"),
        ("¿Cuál es la mejor tienda para acampar?", "es"),
        ("Qual è la migliore tenda per una famiglia?", "it"),
    ],
)
def test_other_languages_are_still_told_apart(text: str, code: str) -> None:
    assert detect(text) == code
