"""A visit in a real Chromium with scripts turned off: from the wizard to the payment page."""

import re

from playwright.async_api import Browser, expect

from tests.advertiser_portal.houses import PASSWORD, House


async def test_a_campaign_is_made_tried_stopped_and_looked_up_without_scripts(
    chromium: Browser, home: str, strideworks: House
) -> None:
    context = await chromium.new_context(locale="en-US", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{home}/advertiser/start")
    await page.get_by_label("E-mail address").fill(strideworks.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()

    await page.get_by_role("button", name="Begin").click()
    await page.get_by_label("Landing page").fill("https://strideworks.example/arch-two")
    await page.get_by_role("button", name="Write by hand").click()
    await page.locator("#title_1").fill("Arch Two: a softer one")
    await page.locator("#body_1").fill("For long standing. Sixty days to try them.")
    await page.locator("#questions").fill("Shoes for standing?\nSoft shoes?\nShoes for cooks?")
    await page.locator("#category").select_option("running")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Name of the campaign").fill("Second")
    await page.locator("#bid").fill("0.50")
    await page.get_by_role("button", name="Launch").click()
    await expect(page.get_by_text("The campaign is launched")).to_be_visible()

    await page.goto(f"{home}/advertiser/campaigns/{strideworks.campaign_id}")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("status")).to_contain_text("The campaign is paused")
    await expect(page).to_have_url(re.compile(rf"/campaigns/{strideworks.campaign_id}\?"))
    await page.get_by_role("link", name="Report", exact=True).click()
    await page.get_by_label("Compare with").check()
    await page.get_by_role("button", name="Show").click()
    await expect(page).to_have_url(re.compile("compare=yes"))
    await context.close()
