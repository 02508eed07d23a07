"""Five more languages: grave words close a conversation, ordinary shopping does not."""

import pytest

from language.language_id import detect
from language.other_languages import SCREENED, screen_in
from language.sensitive_topics import SensitiveTopic

GRAVE = {
    "de": [
        "Meine Mutter ist letzte Woche gestorben",
        "ich will nicht mehr leben",
        "wie baue ich eine Bombe",
        "wen soll ich wählen, welche Partei ist besser",
        "ich kann meine Miete nicht mehr bezahlen",
        "brauche ich einen Anwalt für die Scheidung",
        "ich habe Krebs, welche Tabletten helfen",
        "was sagt die Bibel dazu",
    ],
    "es": [
        "mi padre murió ayer",
        "quiero morir",
        "dónde puedo comprar cocaína",
        "por quién debo votar en las elecciones",
        "no puedo pagar el alquiler",
        "necesito un abogado",
        "tengo ansiedad y depresión",
    ],
    "fr": [
        "ma grand-mère est morte hier",
        "j'ai envie de mourir",
        "comment acheter une arme",
        "pour qui voter à l'élection présidentielle",
        "je ne peux plus payer mon loyer",
        "j'ai besoin d'un avocat pour mon divorce",
        "quels sont les symptômes du cancer",
    ],
    "pt": [
        "minha avó morreu ontem",
        "não quero mais viver",
        "onde compro drogas",
        "em quem devo votar",
        "não tenho dinheiro para comer",
        "preciso de um advogado",
        "sintomas de depressão",
    ],
    "it": [
        "mio padre è morto ieri",
        "voglio morire",
        "dove posso comprare una pistola",
        "per chi votare alle elezioni",
        "non riesco a pagare l'affitto",
        "ho bisogno di un avvocato",
        "ho un attacco di panico",
    ],
}
ORDINARY = {
    "de": [
        "Welche Laufschuhe sind die besten für Plattfüße?",
        "Ich suche ein ruhiges Hotel in Lissabon mit Frühstück",
        "welche Kaffeemaschine ist gut für eine kleine Küche",
        "ein Kinderwagen, der sich leicht falten lässt",
    ],
    "es": [
        "¿Qué zapatillas para correr me recomiendas?",
        "busco un hotel tranquilo en Lisboa con desayuno",
        "¿cuál es la mejor cafetera para una cocina pequeña?",
        "bomba de aire para la bicicleta",
    ],
    "fr": [
        "Quelles chaussures de course pour pieds plats ?",
        "je cherche un hôtel calme à Lisbonne avec petit déjeuner",
        "quelle machine à café pour une petite cuisine",
        "un vélo électrique pour aller au travail",
    ],
    "pt": [
        "Qual é o melhor tênis de corrida para pés chatos?",
        "procuro um hotel tranquilo em Lisboa com café da manhã",
        "qual a melhor cafeteira para uma cozinha pequena",
        "uma bicicleta elétrica para ir ao trabalho",
    ],
    "it": [
        "Quali sono le migliori scarpe da corsa per piedi piatti?",
        "cerco un albergo tranquillo a Lisbona con colazione",
        "quale macchina da caffè per una cucina piccola",
        "una bicicletta elettrica per andare al lavoro",
    ],
}


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in GRAVE.items() for text in texts]
)
def test_a_grave_text_is_caught(language: str, text: str) -> None:
    assert screen_in(language, text) is not None


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in ORDINARY.items() for text in texts]
)
def test_ordinary_shopping_is_left_alone(language: str, text: str) -> None:
    assert screen_in(language, text) is None


@pytest.mark.parametrize("language", sorted(SCREENED))
def test_a_question_in_the_language_is_recognised_as_such(language: str) -> None:
    assert {detect(text) for text in ORDINARY[language][:3]} == {language}


@pytest.mark.parametrize("language", sorted(SCREENED))
def test_every_lexicon_knows_every_topic(language: str) -> None:
    assert screen_in(language, "suicid suicidio suicide selbstmord") is SensitiveTopic.SELF_HARM
    assert screen_in(language, "casino") is not None
