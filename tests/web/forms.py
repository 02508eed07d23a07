"""Fill in forms as a browser would: with the hidden token of the page."""

import re

import httpx

from tests.web.residents import EMAIL, PASSWORD


def token_in(page: httpx.Response) -> str:
    """The CSRF token of the first form of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


async def sign_in(
    browser: httpx.AsyncClient,
    *,
    email: str = EMAIL,
    password: str = PASSWORD,
    portal: str = "/trial/",
    next_page: str = "",
) -> httpx.Response:
    """Open the form and send it."""
    form = await browser.get(f"{portal}sign-in")
    return await browser.post(
        f"{portal}sign-in",
        data={"email": email, "password": password, "next": next_page, "csrf": token_in(form)},
    )
