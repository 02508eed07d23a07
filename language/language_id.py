"""Which language is this?

Owns a small, fast guess by script and by the little words that every sentence needs. It answers
with an ISO 639 code, `en` for short Latin text that gives no sign of another language, and None
when it cannot tell.
"""

import re
from typing import Final

_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("fa", re.compile(r"[پچژگ]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_LITTLE_WORDS: Final = {
    "en": "the and is are was of to in for on with that this it what how why can you i my me do a "
    "does please should would which best write make give an from or be have has not as at by we our "
    "your need some any there",
    "de": "der die das und ist ein eine einen nicht mit für auf ich du wie was kann mir mich sind "
    "dem den des im zu von auch welche welcher bitte wo warum gibt habe oder beste besten suche brauche gut",
    "fr": "le la les et est un une des du de pas avec pour sur je tu vous comment que qui quel "
    "quelle quels dans ce cette mon ma mes au aux où pourquoi plus sont il elle meilleur meilleure cherche",
    "es": "el la los las y es un una de que no con para por en mi me cómo qué cuál cuáles dónde "
    "son más del al se lo está puedo mejor mejores quiero tengo hola busco necesito",
    "pt": "o a os as e é um uma de que não com para por em meu minha como qual quais onde são mais "
    "do da dos das no na se está posso melhor melhores você quero tenho procuro preciso",
    "it": "il lo la i gli le e è un una di che non con per su mi come cosa quale quali dove sono "
    "più del della dei al nel si posso migliore migliori voglio ho cerco vorrei vicino",
    "nl": "de het een en is van niet met voor op ik je hoe wat kan mij zijn dat die te welke waar "
    "waarom ook of beste mijn heb",
    "sv": "och att det som en är på för med av inte jag du hur vad kan min vilken bästa har",
    "pl": "i w na nie z do jest się to że jak co czy dla moje mam jaki który najlepszy",
    "tr": "ve bir bu için ile ne nasıl mi mı var çok en benim hangi iyi değil",
}
_OWN_LETTERS: Final = {
    "de": "äöüß",
    "fr": "çèêœàùû",
    "es": "ñ¿¡áíóú",
    "pt": "ãõçáêó",
    "it": "èàòìù",
    "sv": "åäö",
    "pl": "ąćęłńśźż",
    "tr": "ğışçö",
}
_WORDS_OF: Final = {code: frozenset(words.split()) for code, words in _LITTLE_WORDS.items()}
# Whole words only: the letters between the digits of a code or a digest are none.
_WORD: Final = re.compile(r"\b[^\W\d_]+\b")
_LETTER: Final = re.compile(r"[^\W\d_]")
_SAMPLE_CHARACTERS: Final = 2_000


def detect(text: str) -> str | None:
    """The language of `text` as a two-letter code; None for text without letters."""
    sample = text[:_SAMPLE_CHARACTERS]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return None
    for code, script in _SCRIPTS:
        # A third is enough: foreign brand names are written in Latin letters everywhere.
        if len(script.findall(sample)) * 3 >= letters:
            return code
    return _latin(sample.lower())


def _latin(sample: str) -> str:
    words = _WORD.findall(sample)
    votes = {
        code: sum(word in little for word in words)
        + 0.5 * sum(letter in sample for letter in _OWN_LETTERS.get(code, ""))
        for code, little in _WORDS_OF.items()
    }
    leader, most = max(votes.items(), key=lambda vote: vote[1])
    # English wins ties and near-silence: two stray words do not make a sentence foreign.
    return leader if most > votes["en"] and most >= 1.5 else "en"
