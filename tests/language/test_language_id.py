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
