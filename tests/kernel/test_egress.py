"""Fetching for somebody else reaches the open internet, and nothing behind our door."""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Sequence

import pytest

from kernel.egress import Connection, Egress, EgressRefused, Fetched

OPEN = "93.184.215.14"


class Internet:
    """Names, and what each address answers; notes every connection."""

    def __init__(
        self, names: dict[str, list[Sequence[str]]] | None = None, **answers: bytes
    ) -> None:
        self._names, self._answers = names or {}, answers
        self.looked_up: list[str] = []
        self.dialled: list[tuple[str, int, str | None]] = []
        self.sent: list[bytes] = []
        self.aborted = 0

    @property
    def egress(self) -> Egress:
        return Egress(resolver=self.resolve, connector=self.connect)

    async def resolve(self, host: str, _port: int) -> Sequence[str]:
        self.looked_up.append(host)
        answers = self._names.get(host, [[OPEN]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def connect(self, address: str, port: int, *, tls_name: str | None) -> Connection:
        self.dialled.append((address, port, tls_name))
        number = len(self.dialled)
        answer = self._answers.get(f"answer_{number}")
        if answer is None:
            raise ConnectionRefusedError
        reader = asyncio.StreamReader()
        reader.feed_data(answer)
        if not answer.endswith(b"..."):
            reader.feed_eof()
        return reader, _Writer(self)  # type: ignore[return-value]


class _Writer:
    def __init__(self, internet: Internet) -> None:
        self._internet, self.transport = internet, self

    def write(self, data: bytes) -> None:
        self._internet.sent.append(data)

    async def drain(self) -> None: ...

    def abort(self) -> None:
        self._internet.aborted += 1


def answer(body: bytes = b"hello", *, status: int = 200, **headers: str) -> bytes:
    fields = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


def to(location: str, status: int = 302) -> bytes:
    return answer(b"", status=status, location=location)


async def fetch(internet: Internet, url: str = "https://shop.example/shoes") -> Fetched:
    return await internet.egress.fetch(
        url, max_bytes=1_000, timeout_s=1, accept=("text/html", "image/*")
    )


async def refusal(internet: Internet, url: str = "https://shop.example/shoes") -> str:
    with pytest.raises(EgressRefused) as refused:
        await fetch(internet, url)
    assert internet.aborted == len(internet.dialled) or not internet.sent
    assert "shoes" not in refused.value.message
    return refused.value.reason


async def test_a_page_is_fetched_from_the_address_that_was_checked() -> None:
    internet = Internet(answer_1=answer())

    page = await fetch(internet)

    assert page == Fetched("https://shop.example/shoes", 200, "text/html; charset=utf-8", b"hello")
    assert internet.dialled == [(OPEN, 443, "shop.example")]
    assert internet.aborted == 1
    request = b"".join(internet.sent)
    assert request.startswith(b"GET /shoes HTTP/1.1\r\nHost: shop.example\r\n")
    assert b"cookie" not in request.lower()
    assert b"authorization" not in request.lower()


async def test_a_name_that_changes_its_mind_is_looked_up_once() -> None:
    internet = Internet({"shop.example": [[OPEN], ["127.0.0.1"]]}, answer_1=answer())

    await fetch(internet)

    assert internet.looked_up == ["shop.example"]
    assert [address for address, _, _ in internet.dialled] == [OPEN]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        [OPEN, "10.0.0.1"],
        ["::1"],
        ["::ffff:169.254.169.254"],
        [OPEN, "fe80::1%eth0"],
        ["fd00:ec2::254"],
        ["0.0.0.0"],
        ["not an address"],
    ],
)
async def test_a_name_that_leads_inside_is_never_dialled(addresses: list[str]) -> None:
    internet = Internet({"shop.example": [addresses]}, answer_1=answer())

    assert await refusal(internet) == "address"
    assert internet.dialled == []


async def test_a_mapped_address_of_the_open_internet_is_dialled_in_its_plain_form() -> None:
    internet = Internet({"shop.example": [[f"::ffff:{OPEN}"]]}, answer_1=answer())

    await fetch(internet)

    assert internet.dialled[0][0] == OPEN


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://127.0.0.1/", "address"),
        ("https://[::1]/", "address"),
        ("https://localhost/admin", "host"),
        ("https://2130706433/", "host"),
        ("//169.254.169.254/latest", "address"),
        ("http://other.example/", "downgrade"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:6379/_", "scheme"),
        ("https://other.example:6379/", "port"),
        ("https://shop.example@127.0.0.1/", "userinfo"),
        ("https://[zz]/", "url"),
        ("https://inside.example/", "address"),
    ],
)
async def test_a_redirect_is_held_to_the_same_rules(location: str, reason: str) -> None:
    internet = Internet(
        {"inside.example": [["10.1.2.3"]]}, answer_1=to(location), answer_2=answer()
    )

    assert await refusal(internet) == reason
    assert len(internet.dialled) == 1


async def test_a_redirect_to_the_same_name_is_looked_up_and_checked_again() -> None:
    internet = Internet(
        {"shop.example": [[OPEN], ["192.168.1.1"]]}, answer_1=to("/again"), answer_2=answer()
    )

    assert await refusal(internet) == "address"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_an_honest_redirect_is_followed(status: int) -> None:
    internet = Internet(answer_1=to("../new?a=1", status), answer_2=answer(b"new"))

    page = await fetch(internet)

    assert (page.url, page.body) == ("https://shop.example/new?a=1", b"new")


async def test_redirects_end() -> None:
    internet = Internet(**{f"answer_{number}": to("/") for number in range(1, 20)})

    assert await refusal(internet) == "redirects"
    assert len(internet.dialled) == 6


async def test_a_redirect_to_nowhere_is_malformed() -> None:
    assert await refusal(Internet(answer_1=to(""))) == "malformed"


BOMB = gzip.compress(b"\0" * 50_000_000, mtime=0)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer(b"x" * 1_001), "too_large"),
        (answer(b"x", content_length="5000000000"), "too_large"),
        (answer(b"x" * 1_001, content_length="") + b"", "too_large"),
        (answer(BOMB[:60_000], content_encoding="gzip", content_length=""), "too_large"),
        (answer(zlib.compress(b"\0" * 2_000), content_encoding="deflate"), "too_large"),
        (answer(b"x", content_encoding="br"), "encoding"),
        (answer(gzip.compress(BOMB[:50]), content_encoding="gzip, gzip"), "encoding"),
        (answer(b"no gzip at all", content_encoding="gzip"), "encoding"),
        (answer(gzip.compress(b"half")[:12], content_encoding="gzip"), "encoding"),
        (answer(content_type="application/zip"), "content_type"),
        (answer(content_type=""), "content_type"),
        (answer(content_type="text/html-not"), "content_type"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "malformed"),
        (b"-ERR unknown command\r\n", "malformed"),
        (b"", "malformed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "malformed"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, "malformed"),
        (answer(b"half", content_length="400"), "malformed"),
        (answer(b"x") + b"...", "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
async def test_an_answer_that_we_cannot_take_is_refused(said: bytes, reason: str) -> None:
    if reason == "timeout":
        said = said.replace(b"content-length: 1", b"content-length: 900")
    internet = Internet(answer_1=said)
    with pytest.raises(EgressRefused) as refused:
        await internet.egress.fetch(
            "https://shop.example/", max_bytes=1_000, timeout_s=0.05, accept=("text/html",)
        )

    assert refused.value.reason == reason


async def test_a_packed_page_is_unpacked_up_to_the_limit() -> None:
    packed = answer(gzip.compress(b"\0" * 1_000), content_encoding="gzip")

    assert (await fetch(Internet(answer_1=packed))).body == b"\0" * 1_000


async def test_a_page_that_is_not_found_is_an_answer() -> None:
    assert (await fetch(Internet(answer_1=answer(status=404)))).status == 404


async def test_an_image_fits_a_kind_with_a_star() -> None:
    page = await fetch(Internet(answer_1=answer(b"png", content_type="image/png")))

    assert (page.content_type, page.body) == ("image/png", b"png")


async def test_a_host_that_does_not_answer_is_tried_at_three_addresses() -> None:
    internet = Internet({"shop.example": [[f"93.184.215.{last}" for last in range(1, 9)]]})

    assert await refusal(internet) == "unreachable"
    assert len(internet.dialled) == 3


@pytest.mark.parametrize("problem", [OSError, UnicodeError])
async def test_a_name_that_nobody_knows_is_unreachable(problem: Callable[[], Exception]) -> None:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        raise problem()

    with pytest.raises(EgressRefused) as refused:
        await Egress(resolver=resolver).fetch("https://shop.example/", max_bytes=9, timeout_s=1)

    assert refused.value.reason == "unreachable"


async def test_a_name_server_that_hangs_is_given_up() -> None:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(EgressRefused) as refused:
        await Egress(resolver=resolver).fetch("https://shop.example/", max_bytes=9, timeout_s=0.02)

    assert refused.value.reason == "timeout"
