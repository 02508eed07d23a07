"""More than a hundred ways to write an address that leads inside; none of them passes."""

import pytest

from kernel.public_address import EgressRefused, public_address, public_url

OPEN = "93.184.215.14"

# Each is a way in that somebody has tried somewhere; `reason` is why it stays shut.
TRICKS = {
    "address": """
        http://127.0.0.1/ http://127.1.2.3/ https://127.0.0.1/ http://0.0.0.0/ http://0.0.0.1/
        http://10.0.0.1/ http://10.255.255.255/ http://172.16.0.1/ http://172.31.255.254/
        http://192.168.0.1/ http://192.168.255.255/ http://169.254.169.254/latest/meta-data/
        http://169.254.170.2/v2/credentials http://100.100.100.200/ http://100.64.0.1/
        http://168.63.129.16/machine http://192.0.0.192/ http://192.0.2.1/ http://198.18.0.1/
        http://198.19.255.255/ http://198.51.100.7/ http://203.0.113.9/ http://224.0.0.1/
        http://239.255.255.250/ http://240.0.0.1/ http://255.255.255.255/ http://192.88.99.1/
        http://127.0.0.1./ http://[::]/ http://[::1]/ http://[0:0:0:0:0:0:0:1]/
        http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::ffff:10.0.0.1]/
        http://[::ffff:169.254.169.254]/ http://[::ffff:a9fe:a9fe]/ http://[::127.0.0.1]/
        http://[0:0:0:0:0:ffff:192.168.1.1]/ http://[fe80::1]/ http://[fe80::1%25eth0]/
        http://[fc00::1]/ http://[fd00:ec2::254]/ http://[fd12:3456::1]/ http://[fec0::1]/
        http://[ff02::1]/ http://[2001:db8::1]/ http://[2002:7f00:1::]/ http://[2002:a9fe:a9fe::]/
        http://[64:ff9b::127.0.0.1]/ http://[64:ff9b::a9fe:a9fe]/ http://[64:ff9b:1::1]/
        http://[2001:0:7f00:1::]/ http://[100::1]/ http://[3fff::1]/ http://[5f00::1]/
        http://１２７.０.０.１/ http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://127．0．0．1/
        http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/
    """,
    "host": """
        http://2130706433/ http://017700000001/ http://0x7f000001/ http://0x7F000001/
        http://0177.0.0.1/ http://0x7f.0.0.1/ http://127.0.0.01/ http://127.1/ http://127.0.1/
        http://0177.1/ http://0x7f.1/ http://0/ http://00/ http://0x0/ http://3232235521/
        http://2852039166/ http://0xa9fea9fe/ http://0251.0376.0251.0376/ http://0xA9.0xFE.0xA9.0xFE/
        http://425.510.425.510/ http://127.0.0.1.2/ http://256.256.256.256/ http://1.2.3.4.5/
        http://localhost/ http://LOCALHOST/ http://localhost./ http://foo.localhost/
        http://localhost.localdomain/ http://printer.local/ http://db.internal/
        http://metadata.google.internal/computeMetadata/v1/ http://router.lan/ http://nas.home.arpa/
        http://hidden.onion/ http://intranet/ http://redis/ http://postgres/ http://kubernetes/
        http://1.0.0.127.in-addr.arpa/ http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/ http://localhoſt/ http:///etc/passwd
        http:/// http://./ http://../ http://a..example/ http://-a.example/ http://a-.example/
        http://%31%32%37.0.0.1/ http://127.0.0.1%00.shop.example/
        http://example/ http://shop,example/ http://shop.example|x/ http://*.example/
        http://"shop.example"/ http://shop.example;x/ http://[v1.x]/
    """,
    "userinfo": """
        http://user@shop.example/ http://user:secret@shop.example/ http://@shop.example/
        http://shop.example@127.0.0.1/ http://127.0.0.1@shop.example/ https://:@shop.example/
        http://shop.example:80@127.0.0.1/ http://a@b@127.0.0.1/ http://shop.example%40x@127.0.0.1/
        http://shop.example%2f@x/
    """,
    "port": """
        http://shop.example:22/ http://shop.example:25/ http://shop.example:6379/
        http://shop.example:5432/ http://shop.example:9200/ http://shop.example:8080/
        http://shop.example:443/ https://shop.example:80/ http://shop.example:0/
        http://shop.example:/ http://127.0.0.1:6379/ http://[::1]:6379/
    """,
    "scheme": """
        file:///etc/passwd file://localhost/etc/passwd ftp://shop.example/ gopher://127.0.0.1:6379/_
        dict://127.0.0.1:11211/stat ldap://127.0.0.1/ tftp://127.0.0.1/x jar:http://a.example!/x
        data:text/html,hello javascript:alert(1) netdoc:///etc/passwd ws://shop.example/
        unix:///run/docker.sock blob:https://shop.example/x shop.example //shop.example/ /etc/passwd
        about:blank view-source:http://127.0.0.1/
    """,
    "url": """
        http://shop.example\\@127.0.0.1/ http:\\\\127.0.0.1\\ http://shop.example:port/
        http://shop.example:99999/ http://[::1 http://[zz]/ http://shop.example:-1/
    """,
}
# `urlsplit` refuses some of these itself, for the host; either way they stay outside.
LOOSE = {"http://[v1.x]/": {"host", "url", "address"}, "http://[fe80::1%25eth0]/": {"address"}}
CASES = [(reason, url) for reason, urls in TRICKS.items() for url in urls.split()]
SPACED = [
    "",
    " ",
    "http://shop.example/ http://127.0.0.1/",
    "http://shop.example/\r\nHost: localhost",
    "http://shop.example\t/",
    "http://shop.example/\x00",
    " http://shop.example/",
    "http://127.0.0.1\n.shop.example/",
    "http://shop.example/" + "a" * 2_048,
]


@pytest.mark.parametrize(("reason", "url"), CASES)
def test_a_trick_is_refused(reason: str, url: str) -> None:
    with pytest.raises(EgressRefused) as refused:
        public_url(url)

    assert refused.value.reason in LOOSE.get(url, {reason})


@pytest.mark.parametrize("url", SPACED)
def test_an_address_with_spaces_or_control_signs_is_refused(url: str) -> None:
    with pytest.raises(EgressRefused) as refused:
        public_url(url)

    assert refused.value.reason == "url"


def test_there_are_more_than_a_hundred_tricks() -> None:
    assert len(set(CASES)) == len(CASES) >= 100


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://shop.example", "https://shop.example/"),
        ("HTTP://Shop.Example:80/Shoes?a=b#top", "http://shop.example/Shoes?a=b"),
        ("https://shop.example:443/", "https://shop.example/"),
        ("https://bücher.example/läufe", "https://xn--bcher-kva.example/l%C3%A4ufe"),
        ("https://shop.example/a%20b?q=%2F", "https://shop.example/a%20b?q=%2F"),
        (
            "https://shop.example?next=http://127.0.0.1/",
            "https://shop.example/?next=http://127.0.0.1/",
        ),
        (f"http://{OPEN}/", f"http://{OPEN}/"),
        ("http://[2606:2800:21f:cb07::1]/", "http://[2606:2800:21f:cb07::1]/"),
    ],
)
def test_an_ordinary_address_passes(url: str, written: str) -> None:
    assert public_url(url).text == written
    assert public_url(written).text == written


@pytest.mark.parametrize("address", ["", "shop.example", "10.0.0.1", "::1", "fe80::1%eth0", "1"])
def test_an_answer_of_the_name_server_is_held_to_the_same_rules(address: str) -> None:
    with pytest.raises(EgressRefused):
        public_address(address)
