"""Signing in to the console."""

import httpx

from tests.advertiser_portal.houses import PASSWORD
from tests.web import forms

REVIEWER = "olga@tollfree.example"


async def enter(browser: httpx.AsyncClient, email: str = REVIEWER) -> None:
    answer = await forms.sign_in(browser, email=email, password=PASSWORD, portal="/operator/")
    assert answer.status_code == 303
