"""Images that a request links to: fetched with care where an upstream wants them, else looked at."""

import base64
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
import pytest

from api.chat.images import ImageDesk
from api.upstream.bounds import Bounds
from api.upstream.routing import Leg, ModelAlias
from tests.api.fakes import RecordingUpstream, Road, post
from tests.kernel.test_egress import OPEN, Internet

_PICTURE = b"\x89PNG\r\n\x1a\n" + b"pixels"
_PNG = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(_PICTURE)


def a_road(images: str, internet: Internet, *others: Leg) -> Road:
    road = Road()
    road.heart._images = ImageDesk(internet.egress)
    bounds = Bounds(images=images)  # type: ignore[arg-type]
    road.routing.take([ModelAlias("demo", road.upstream, "m", bounds=bounds, others=others)])
    return road


async def ask(road: Road, *urls: str, stream: bool = False) -> httpx.Response:
    parts: list[dict[str, Any]] = [{"type": "text", "text": "Which shoe is it?"}]
    parts += [{"type": "image_url", "image_url": {"url": url, "detail": "low"}} for url in urls]
    async with road.client() as client:
        return await post(client, [{"role": "user", "content": parts}], stream=stream)


def sent(upstream: RecordingUpstream) -> list[Any]:
    return list(orjson.loads(upstream.bodies[-1])["messages"][0]["content"])


@pytest.mark.parametrize("stream", [False, True])
async def test_are_fetched_and_sent_themselves_where_the_upstream_wants_them_so(
    stream: bool,
) -> None:
    road = a_road("inline", internet := Internet(answer_1=_PNG + _PICTURE))
    answer = await ask(road, "https://pics.example/shoe.png", stream=stream)

    assert answer.status_code == 200
    url = f"data:image/png;base64,{base64.b64encode(_PICTURE).decode()}"
    assert sent(road.upstream)[1] == {
        "type": "image_url",
        "image_url": {"url": url, "detail": "low"},
    }
    assert internet.dialled == [(OPEN, 443, "pics.example")]


async def test_are_fetched_once_however_often_they_are_named() -> None:
    road = a_road("inline", internet := Internet(answer_1=_PNG + _PICTURE))
    url = "https://pics.example/shoe.png"

    assert (await ask(road, url, url)).status_code == 200
    assert len(internet.dialled) == 1
    assert sent(road.upstream)[1] == sent(road.upstream)[2]


async def test_go_on_as_they_are_to_an_upstream_that_fetches_them_itself() -> None:
    road = a_road("link", internet := Internet())
    url = "https://pics.example/shoe.png"

    assert (await ask(road, url)).status_code == 200
    assert sent(road.upstream)[1]["image_url"]["url"] == url
    assert internet.dialled == []


async def test_of_a_fallback_are_what_the_fallback_wants() -> None:
    second = RecordingUpstream()
    inline = Leg(second, "m2", tier=1, bounds=Bounds(images="inline"))
    road = a_road("link", Internet(answer_1=_PNG + _PICTURE), inline)
    road.upstream.reads = []

    assert (await ask(road, "https://pics.example/shoe.png", stream=True)).status_code == 200
    assert sent(road.upstream)[1]["image_url"]["url"].startswith("https:")
    assert sent(second)[1]["image_url"]["url"].startswith("data:image/png")


_PRIVATE = [
    "http://127.0.0.1/x.png",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/x.png",
    "http://0x7f000001/x.png",
    "https://inside.example/x.png",
    "https://user:word@pics.example/x.png",
    "http://pics.example:8787/x.png",
]


@pytest.mark.parametrize("images", ["link", "inline"])
@pytest.mark.parametrize("url", _PRIVATE)
async def test_behind_our_door_are_refused_whoever_would_fetch_them(url: str, images: str) -> None:
    names: dict[str, list[Sequence[str]]] = {"inside.example": [["10.0.0.7"]]}
    road = a_road(images, internet := Internet(names, answer_1=_PNG + _PICTURE))
    answer = await ask(road, url)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("image_refused", "messages[0].content[1]")
    assert url not in error["message"]
    assert (internet.dialled, road.upstream.bodies) == ([], [])


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Type: image/png\r\n\r\n", "status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>", "kind"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n<script>", "no PNG"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 9999999\r\n\r\n",
            "larger",
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x.png\r\n\r\n", ""),
    ],
)
async def test_that_are_no_images_are_refused(answer: bytes, says: str) -> None:
    road = a_road("inline", Internet(answer_1=answer))
    refused = await ask(road, "https://pics.example/shoe.png")

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "image_refused")
    assert says in refused.json()["error"]["message"]
    assert road.upstream.bodies == []


async def test_are_bounded_in_number() -> None:
    road = a_road("link", Internet())
    refused = await ask(road, *(f"https://pics.example/{at}.png" for at in range(17)))

    assert refused.status_code == 400
    assert "16 images" in refused.json()["error"]["message"]


async def test_a_file_is_no_image_address_for_a_library_that_fetches_by_itself() -> None:
    road = a_road("inline", Internet())

    assert (await ask(road, "file:///etc/passwd")).status_code == 400
    assert (await ask(road, "data:image/png;base64,AAAA")).status_code == 200
