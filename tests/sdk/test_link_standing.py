"""Which links are rewritten, to what exactly, and which never."""

from itertools import product
from urllib.parse import quote, unquote

import pytest

from tollfree_sdk.placement.links import Account, LinkBook, Standing, Supplied, judge
from tollfree_sdk.placement.links.address import read_address
from tollfree_sdk.placement.links.book import programmes

MERCHANTS = {one["id"]: one for one in programmes()["merchants"]}
IMPACT = {"mpid": "11", "ad": "22", "campaign": "33"}
BOOK = LinkBook(
    (
        *(Account("amazon", {"tag": f"shop{n}-2{n % 3}"}, store=store, allows_ai=True)
          for n, store in enumerate(MERCHANTS["amazon"]["stores"])),
        *(Account("ebay", {"campid": "5338000000"}, store=store)
          for store in MERCHANTS["ebay"]["stores"]),
        Account("walmart", IMPACT), Account("target", IMPACT), Account("bestbuy", IMPACT),
        Account("booking", {"aid": "304142"}), Account("aliexpress", {"key": "Uk3y"}), Account("aliexpress", {"key": "Uk3y"}, store="us"),
        Account("skimlinks", {"publisher": "1", "site": "2"}, merchant="Skim", hosts=("skim.example",)),
        Account("sovrn", {"key": "k"}, merchant="Sov", hosts=("sov.example",)),
        Account("impact", {**IMPACT, "link_host": "imp.sjv.io"}, merchant="Imp", hosts=("imp.example",)),
        Account("awin", {"merchant": "1", "publisher": "2"}, merchant="Awi", hosts=("awi.example",)),
        Account("rakuten", {"merchant": "1", "publisher": "2"}, merchant="Rak", hosts=("rak.example",)),
        Account("cj", {"publisher": "7"}, merchant="Cej", hosts=("cej.example",)),
        Account("partnerize", {"camref": "c1"}, merchant="Par", hosts=("par.example",)),
        Account("admitad", {"code": "z9"}, merchant="Adm", hosts=("adm.example",)),
    ),
    sub_id="app_1",
)  # fmt: skip
NOBODY = Supplied()


def enc(url: str) -> str:
    return quote(url, safe="")


AMAZON = [
    (f"https://{prefix}{store['host']}{page}", f"tag=shop{n}-2{n % 3}", fragment)
    for n, store in enumerate(MERCHANTS["amazon"]["stores"].values())
    for (page, prefix), fragment in zip(
        product(
            (
                "/dp/B0C1234567", "/Some-Good-Shoe/dp/B0C1234567", "/dp/B0C1234567/ref=sr_1_1",
                "/gp/product/B0C1234567", "/gp/aw/d/B0C1234567", "/exec/obidos/ASIN/B0C1234567",
                "/dp/B0C1234567?th=1&psc=1", "/dp/030640615X?keywords=a%20b", "/s?k=trail+shoes", "/stores/page/ABC",
            ),
            ("www.", ""),
        ),
        ("", "#reviews", "#", "", "") * 4,
        strict=True,
    )
    if fragment != "#"
]  # fmt: skip


@pytest.mark.parametrize(("url", "suffix", "fragment"), AMAZON)
def test_an_amazon_page_gets_the_tag_of_its_own_store_and_keeps_all_else(
    url: str, suffix: str, fragment: str
) -> None:
    expected = f"{url}{'&' if '?' in url else '?'}{suffix}{fragment}"

    _assert_rewritten(url + fragment, expected)


OTHERS = [
    (f"https://www.{store['host']}{page}", f"https://www.{store['host']}{page}{'&' if '?' in page else '?'}mkevt=1&mkcid=1&mkrid={store['mkrid']}&campid=5338000000&toolid=10001&customid=app_1")
    for store in MERCHANTS["ebay"]["stores"].values()
    for page in ("/itm/1234567890", "/itm/Good-Shoe/1234567890", "/itm/1234567890?var=5", "/sch/i.html?_nkw=shoes", "/p/24011")
] + [
    (url, template.replace("{}", enc(url)))
    for template, urls in {
        "https://goto.walmart.com/c/11/22/33?veh=aff&subId1=app_1&u={}": (
            "https://www.walmart.com/ip/Good-Shoe/12345", "https://walmart.com/ip/12345?athbdg=L1600#top",
            "https://m.walmart.com/ip/12345?selected=true&variants=a%2Cb", "https://www.walmart.com/ip/x/1#:~:text=a%20tent"),
        "https://goto.target.com/c/11/22/33?subId1=app_1&u={}": (
            "https://www.target.com/p/good-shoe/-/A-81234567", "https://www.target.com/p/x/-/A-1?preselect=2#lnk"),
        "https://bestbuy.7tiv.net/c/11/22/33?subId1=app_1&u={}": (
            "https://www.bestbuy.com/site/good-laptop/6543210.p?skuId=6543210", "https://m.bestbuy.com/site/x/1.p#tab=specs",
            "https://www.bestbuy.com/product/laptop/JJ8ZH"),
        "https://s.click.aliexpress.com/deep_link.htm?aff_short_key=Uk3y&af=app_1&dl_target_url={}": (
            "https://de.aliexpress.com/item/1005001.html", "https://ru.aliexpress.com/item/1005001.html?spm=a2g0o&sku_id=12",
            "https://m.aliexpress.com/i/1005001.html", "https://www.aliexpress.us/item/x/1005001.html?sku_id=1"),
        "https://go.skimresources.com/?id=1X2&xs=1&xcust=app_1&url={}": ("https://skim.example/a?b=c&d=%20e#f",),
        "https://redirect.viglink.com?key=k&cuid=app_1&u={}": ("https://www.sov.example/a/b",),
        "https://imp.sjv.io/c/11/22/33?subId1=app_1&u={}": (
            "https://imp.example/shoes?size=42", "https://www.imp.example/", "https://imp.example", "https://imp.example/a;v=2?x[]=1#r"),
        "https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&clickref=app_1&ued={}": ("https://awi.example/x#y",),
        "https://click.linksynergy.com/deeplink?id=2&mid=1&u1=app_1&murl={}": ("https://rak.example/x?y=1",),
        "https://prf.hn/click/camref:c1/pubref:app_1/destination:{}": ("https://par.example/x/",),
        "https://ad.admitad.com/g/z9/?subid=app_1&ulp={}": ("http://adm.example/x",),
    }.items()
    for url in urls
] + [
    ("https://www.booking.com/hotel/pt/casa.html", "https://www.booking.com/hotel/pt/casa.html?aid=304142&label=app_1"),
    ("https://www.booking.com/hotel/pt/casa.html?checkin=2026-12-01", "https://www.booking.com/hotel/pt/casa.html?checkin=2026-12-01&aid=304142&label=app_1"),
    *((f"https://{host}{page}", f"https://{host}{page}{'&' if '?' in page else '?'}tag={tag}")
      for host, tag in (("www.amazon.com", "shop0-20"), ("www.amazon.de", "shop6-20"), ("www.amazon.co.jp", "shop20-22"))
      for page in ("/-/en/dp/B0C1234567", "/-/es/Some-Shoe/dp/B0C1234567", "/-/zh_TW/gp/product/B0C1234567?th=1",
                   "/Caf%C3%A9-Maschine/dp/B0C1234567/", "/Trail-Shoes/b?ie=UTF8&node=679286011", "/s?i=shoes&k=trail&ref=nb_sb_noss",
                   "/exec/obidos/tg/detail/-/030640615X", "/dp/B0C1234567?ref_=nav_ya_signin&psc=1", "/dp/B0C1234567/ref=sr_1_3?keywords=x%26y&qid=17")),
    ("https://m.amazon.com/dp/B0C1234567", "https://m.amazon.com/dp/B0C1234567?tag=shop0-20"),
    ("HTTPS://WWW.Amazon.COM/dp/B0C1234567", "HTTPS://WWW.Amazon.COM/dp/B0C1234567?tag=shop0-20"),
    ("http://smile.amazon.co.uk/dp/B0C1234567", "http://smile.amazon.co.uk/dp/B0C1234567?tag=shop4-21"),
    ("https://www.amazon.com/dp/B0C1234567?th=1&psc=1#:~:text=a%20firm,heel", "https://www.amazon.com/dp/B0C1234567?th=1&psc=1&tag=shop0-20#:~:text=a%20firm,heel"),
    ("https://www.ebay.com/itm/1234567890?hash=item5d8a%3Ag%3AabcAAOSw&var=5", "https://www.ebay.com/itm/1234567890?hash=item5d8a%3Ag%3AabcAAOSw&var=5&mkevt=1&mkcid=1&mkrid=711-53200-19255-0&campid=5338000000&toolid=10001&customid=app_1"),
    ("https://m.ebay.de/itm/1234567890#rpdCntId", "https://m.ebay.de/itm/1234567890?mkevt=1&mkcid=1&mkrid=707-53477-19255-0&campid=5338000000&toolid=10001&customid=app_1#rpdCntId"),
    ("https://m.booking.com/hotel/de/haus.de.html#availability", "https://m.booking.com/hotel/de/haus.de.html?aid=304142&label=app_1#availability"),
    ("https://cej.example/a?b=1", "https://www.anrdoezrs.net/links/7/type/dlg/sid/app_1/https://cej.example/a?b=1"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "expected"), OTHERS)
def test_a_page_of_a_programme_gets_its_link(url: str, expected: str) -> None:
    _assert_rewritten(url, expected)


def test_there_are_well_over_four_hundred_such_cases() -> None:
    assert len(AMAZON) + len(OTHERS) >= 450


def _assert_rewritten(url: str, expected: str) -> None:
    judged = judge(url, BOOK, NOBODY)

    assert (judged.standing, judged.url) == (Standing.REWRITTEN, expected)
    original = BOOK.original_of(judged.url)
    assert original is not None
    assert original[0] == url
    assert judge(judged.url, BOOK, NOBODY).standing in (Standing.MONETISED, Standing.SIGNED)


PRODUCT_PAGES = ("https://www.amazon.com/dp/B0C1234567", "https://www.ebay.com/itm/1234567890", "https://www.walmart.com/ip/12345",
                 "https://awi.example/x")  # fmt: skip
NEVER = [
    *((f"{page}?{name}=1&x=2", Standing.MONETISED)
      for page in PRODUCT_PAGES for name in programmes()["stand_down"]["parameters"]
      if name != "code"),
    *((f"https://{host}/x?u={enc(PRODUCT_PAGES[0])}", Standing.MONETISED)
      for host in programmes()["stand_down"]["redirectors"]),
    *((f"{page}?{name}=abc", Standing.SIGNED) for page in PRODUCT_PAGES
      for name in ("X-Amz-Signature", "X-Goog-Signature", "Signature", "sig", "Policy", "Key-Pair-Id", "token", "hmac",
                   "expires", "code", "state", "oauth_token", "oauth_verifier", "X-Amz-Date")),
    *((f"https://www.{host}/{path}", Standing.PRIVATE_PAGE)
      for host in ("amazon.com", "ebay.de", "walmart.com", "booking.com")
      for path in ("cart", "gp/cart/view.html", "checkout/x", "signin", "login?x=1", "account/orders", "ap/sign-in")
      if path != "gp/cart/view.html" or host == "amazon.com"),
    *((f"https://www.amazon.com{page}", Standing.MONETISED) for page in (
        "/dp/B0C1234567?%74ag=theirs-20", "/dp/B0C1234567?TAG=theirs-20", "/dp/B0C1234567?th=1&amp;tag=theirs-20", "/dp/B0C1234567?tag=",
        "/dp/B0C1234567/theirs-20", "/exec/obidos/ASIN/030640615X/theirs-20/102-1234567-1234567", "/exec/obidos/ASIN/030640615X/ref=nosim/theirs-20",
        "/gp/product/B0C1234567/ref=as_li_tl?ie=UTF8", "/dp/B0C1234567?ref_=as_li_ss_tl", "/dp/B0C1234567?utm_source=skimlinks",
        "/dp/B0C1234567?utm_medium=affiliate", "/dp/B0C1234567?UTM_Campaign=Awin%20123", "/dp/B0C1234567?utm_source=cj", "/dp/B0C1234567?x=1;tag=theirs-20",
        "/dp/B0C1234567?ascsubtag=x&th=1#top", "/s?k=shoes&tag=theirs-20", "/-/es/dp/B0C1234567?linkCode=ll1", "/stores/page/1?maas=1&ref_=as_m")),
    *((url, Standing.MONETISED) for url in (
        "https://www.walmart.com/ip/1?sourceid=imp_1", "https://www.target.com/p/-/A-1?afid=Someone&clkid=1", "https://www.ebay.com/itm/1?afepn=5337",
        "https://www.bestbuy.com/site/x/1.p?irgwc=1&irclickid=2", "https://ebay.to/3abc", "https://amzlink.to/az01", "https://www.awin1.com/awclick.php?mid=1",
        "https://hexley.sjv.io/c/1/2/3?u=x", "https://linksynergy.walmart.com/deeplink?id=x", "https://www.dpbolvw.net/click-1-2", "https://t.co/x",
        "https://www.booking.com/hotel/pt/casa.html?aid=1", "https://www.aliexpress.com/item/1.html?aff_fcid=1", "https://awi.example/x?awc=1_2",
        "https://par.example/?clickref=1", "https://adm.example/?admitad_uid=1", "https://rak.example/?ranMID=1&siteID=2", "https://sov.example/?cuid=9")),
    *((url, Standing.NOT_WEB) for url in (
        "https://www.amazon.com:443/dp/B0C1234567", "https://a:b@www.ebay.com/itm/1", "https://www.ebay.com:80/itm/1", "https://www.ebаy.com/itm/1",
        "https://ｗｗｗ.amazon.com/dp/B0C1234567", "https://www.amazon.com%2fdp/B0C1234567", "https:/www.amazon.com/dp/B0C1234567", "https:///www.amazon.com/dp/B0C1234567",
        "https://0x7f000001/dp/B0C1234567", "https://10.0.0.1/itm/1", "https://awi.example/x^y",
        "ftp://www.amazon.com/dp/B0C1234567", "javascript:alert(1)", "//www.amazon.com/dp/B0C1234567", "http://localhost/dp/B0C1234567",
        "http://127.0.0.1/dp/B0C1234567", "http://[::1]/dp/B0C1234567", "https://user@www.amazon.com/dp/B0C1234567",
        "https://www.amazon.com:8443/dp/B0C1234567", "https://www.amazon.com@evil.example/dp/B0C1234567",
        "https://www.amazon.com\\@evil.example/dp/B0C1234567", "https://www.аmazon.com/dp/B0C1234567", "https://www.amazon.com./dp/B0C1234567",
        "https://www.amazon。com/dp/B0C1234567", "https://www.amazon%2ecom/dp/B0C1234567", "https://www.amazon.com/dp/B0C1234567 x",
        "https://www.amazon.com/dp/B0C1234567\n", "https://www.amazon.com/dp/B0C1234567\u202e", "https://www.amazon.com/dp/B0C1234567?",
        "https://www.amazon.com/dp/B0C1234567?a=1&", "https://www.amazon.com/dp/B0C1234567?a=%zz", "https://amazon/dp/B0C1234567", "")),
    *((url, Standing.NO_PROGRAMME) for url in (
        "https://evil-amazon.com/dp/B0C1234567", "https://amazon.com.evil.example/dp/B0C1234567", "https://www.amazon.evil.example/dp/B0C1234567",
        "https://notamazon.com/dp/B0C1234567", "https://amazon.com.co/dp/B0C1234567", "https://amazon.cn/dp/B0C1234567", "https://xn--mazon-3ve.com/dp/B0C1234567",
        "https://aws.amazon.com/dp/B0C1234567", "https://www.amazon.com/", "https://www.amazon.com", "https://www.amazon.com/help/customer", "https://www.amazon.com/dp/SHORT",
        "https://www.amazon.com/dp/B0C12345678", "https://www.ebay.com/", "https://www.ebay.com/help/home", "https://www.walmart.com/store/1", "https://www.booking.com/index.html",
        "https://amazon.com-deals.example/dp/B0C1234567", "https://www.amazon.com.example/dp/B0C1234567", "https://wwwamazon.com/dp/B0C1234567",
        "https://www-amazon.com/dp/B0C1234567", "https://amazon.co/dp/B0C1234567", "https://www.amazon.de.com/dp/B0C1234567", "https://arnazon.com/dp/B0C1234567",
        "https://www.xn--amazn-mye.com/dp/B0C1234567", "https://music.amazon.com/albums/B0C1234567", "https://read.amazon.com/dp/B0C1234567",
        "https://www.ebay.com.evil.example/itm/1", "https://ebay.co/itm/1", "https://pages.ebay.com/itm/1", "https://xwalmart.com/ip/1", "https://www.walmart.ca/ip/1",
        "https://target.com.evil.example/p/x", "https://mybestbuy.com/site/x/1.p", "https://booking.com.evil.example/hotel/x", "https://www.booking.com/searchresults.html?ss=x",
        "https://aliexpress.com.evil.example/item/1.html", "https://evil.aliexpress.com/item/1.html", "https://www.aliexpress.ru/item/1.html", "https://www.amazon.com/gp/help/customer/display.html",
        "https://www.amazon.com/gp/redirect.html?location=x", "https://www.amazon.com/sspa/click?url=%2Fdp%2FB0C1234567", "https://www.google.com/url?q=https://www.amazon.com/dp/B0C1234567",
        "https://sub.awi.example/x", "https://awi.example.evil.example/x", "https://example.org/dp/B0C1234567")),
]  # fmt: skip


@pytest.mark.parametrize(("url", "standing"), NEVER)
def test_any_other_link_stays(url: str, standing: Standing) -> None:
    assert judge(url, BOOK, NOBODY).standing is standing


def test_there_are_well_over_three_hundred_of_them() -> None:
    assert len(NEVER) >= 500


class TestASuppliedPage:
    @pytest.mark.parametrize(
        "text",
        [
            "Is https://www.amazon.com/dp/B0C1234567 good?",
            "Is amazon.com/dp/B0C1234567/ good?",
            "Look: http://amazon.com/dp/B0C1234567.",
            "<https://www.amazon.com/Nice-Shoe/dp/b0c1234567?tag=theirs-20>",
            "(https://smile.amazon.de/gp/product/B0C1234567)",
        ],
    )
    def test_stays_theirs_however_it_is_written(self, text: str) -> None:
        url = "https://www.amazon.com/dp/B0C1234567?th=1"

        judged = judge(url, BOOK, Supplied.by((text,)))

        assert judged.standing is Standing.SUPPLIED

    def test_does_not_cover_another_product(self) -> None:
        supplied = Supplied.by(("See https://www.amazon.com/dp/B000000000",))

        assert judge(PRODUCT_PAGES[0], BOOK, supplied).standing is Standing.REWRITTEN


class TestAnAccount:
    def test_of_amazon_needs_the_operators_word(self) -> None:
        book = LinkBook((Account("amazon", {"tag": "shop-20"}, store="com"),))

        assert judge(PRODUCT_PAGES[0], book, NOBODY).standing is Standing.NOT_ATTESTED

    def test_covers_its_own_store_only(self) -> None:
        book = LinkBook((Account("amazon", {"tag": "shop-20"}, store="com", allows_ai=True),))

        url = "https://www.amazon.de/dp/B0C1234567"
        assert judge(url, book, NOBODY).standing is Standing.NO_PROGRAMME

    @pytest.mark.parametrize(
        "account",
        [
            Account("nobody", {}),
            Account("amazon", {}, store="com"),
            Account("amazon", {"tag": "x"}, store="cn"),
            Account("amazon", {"tag": "x&y=1"}, store="com"),
            Account("walmart", {"mpid": "1"}),
            Account("awin", {"merchant": "1", "publisher": "2"}),
            Account(
                "awin", {"merchant": "1", "publisher": "2"}, merchant="A·B", hosts=("a.example",)
            ),
        ],
    )
    def test_that_does_not_fit_its_programme_is_refused(self, account: Account) -> None:
        with pytest.raises(ValueError, match=r"account|store|programme"):
            LinkBook((account,))

    def test_keeps_sub_ids_within_what_a_network_takes(self) -> None:
        account = Account("skimlinks", {"publisher": "1", "site": "2"}, merchant="S", hosts=("s.example",))  # fmt: skip
        judged = judge("https://s.example/a", LinkBook((account,), sub_id="a&b=?c " * 30), NOBODY)

        sub = unquote(judged.url).split("xcust=")[1].split("&")[0]
        assert sub == ("abc" * 30)[:50]


def test_an_address_is_read_without_changing_it() -> None:
    address = read_address("https://WWW.Shop.example/P?A=1#f")

    assert address is not None
    assert (address.host, address.path, address.query) == ("www.shop.example", "/P", "A=1")
    assert address.parameters == ("a",)
