"""The quick look must never overlook what the search would find."""

from hypothesis import given, settings
from hypothesis import strategies as st

from language.lexicon import Lexicon, mask
from language.sensitive_topics import _lexicons
from language.spelling import readings

LETTERS = st.text(alphabet="ab", min_size=1, max_size=3)
SLOT = st.one_of(LETTERS, st.builds("{}|{}".format, LETTERS, LETTERS), st.just("aa*|b"))
PHRASES = st.lists(st.lists(SLOT, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=6)
WORDS = st.lists(LETTERS, max_size=12)


class TestAQuickLook:
    @given(PHRASES, WORDS)
    def test_never_misses_a_phrase(self, phrases: list[str], words: list[str]) -> None:
        lexicon = Lexicon(("it", phrase) for phrase in phrases)

        assert lexicon.may_find(words) or not list(lexicon.find(words))

    @given(PHRASES, PHRASES, WORDS)
    def test_never_misses_what_is_left_after_masking(
        self, phrases: list[str], harmless: list[str], words: list[str]
    ) -> None:
        lexicon = Lexicon(("it", phrase) for phrase in phrases)
        left = mask(words, Lexicon(("harmless", phrase) for phrase in harmless))

        assert lexicon.may_find(words) or not list(lexicon.find(left))

    @settings(deadline=None)  # The lexicon is read from its file once.
    @given(st.data())
    def test_of_the_real_lexicon_sees_each_of_its_phrases(self, data: st.DataObject) -> None:
        _, topics = _lexicons()
        phrases = [phrase for found in topics._by_word.values() for phrase in found]
        phrase = data.draw(st.sampled_from(phrases))
        filled = []
        for slot in phrase.slots:
            fillers = sorted(slot.words) + [f"{stem}s" for stem in slot.stems]
            filled.append(data.draw(st.sampled_from(fillers)))

        assert topics.may_find(["so", *filled, "then"])

    def test_sends_an_everyday_text_home(self) -> None:
        _, topics = _lexicons()
        text = (
            "Look at the heel first, then at the arch. A wide toe box leaves room for long walks, "
            "and a light sole is quick. Compare two or three places before you decide."
        )

        assert not topics.may_find(readings(text)[0])
