"""The short way must say what the long way says, for every event."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from api.chat.chunk_shape import ChunkShape
from api.chat.chunks import read_chunk


def event(text: str, *, spaced: bool = False, **members: object) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    body = {"id": "c", "choices": [choice], "usage": None} | members
    raw = orjson.dumps(body)
    return b"data: " + (raw.replace(b'"content":', b'"content": ') if spaced else raw)


def shaped(first: bytes) -> ChunkShape:
    shape, chunk = ChunkShape(), read_chunk(first[6:])
    assert chunk is not None
    shape.learn(chunk, first)
    return shape


class TestAKnownShape:
    @given(st.text(), st.text(), st.booleans())
    def test_gives_the_text_that_parsing_gives(self, first: str, second: str, spaced: bool) -> None:
        said = shaped(event(first, spaced=spaced)).text_of(event(second, spaced=spaced))

        assert said in {None, second}

    def test_knows_ordinary_words_in_any_script(self) -> None:
        shape = shaped(event("Well"))

        assert [shape.text_of(event(text)) for text in ("a ", "ß", "鞋子", "🙂")] == [
            "a ",
            "ß",
            "鞋子",
            "🙂",
        ]

    @given(st.binary(max_size=40))
    def test_is_not_taken_for_bytes_that_are_no_json(self, inside: bytes) -> None:
        first = event("Well")
        before, _, after = first.partition(b"Well")

        said = shaped(first).text_of(before + inside + after)

        if said is not None:
            chunk = read_chunk((before + inside + after)[6:])
            assert chunk is not None
            assert chunk.content == said

    def test_is_not_learned_from_a_chunk_with_more_in_it(self) -> None:
        for first in (
            event("Well", usage={"prompt_tokens": 1}),
            event(
                "Well", choices=[{"index": 0, "delta": {"content": "Well", "role": "assistant"}}]
            ),
            event("Well", said="Well"),
            event("Well", tollfree={}),
        ):
            assert shaped(first).text_of(first) is None

    def test_ends_where_another_member_changes(self) -> None:
        shape = shaped(event("Well"))

        assert shape.text_of(event("then", id="d")) is None
        assert shape.text_of(event("then", usage={})) is None
