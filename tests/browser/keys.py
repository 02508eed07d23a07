"""Somebody without a mouse: Tab until something has the focus, then type or press."""

from playwright.async_api import Locator, Page, expect

_MOST = 80


class Keys:
    """The keyboard of one page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def reach(self, wanted: Locator) -> None:
        """Go on with Tab to what is wanted. Fails when the keyboard does not get there."""
        await expect(wanted).to_be_visible()
        for _ in range(_MOST):
            if await wanted.evaluate("element => element === document.activeElement"):
                return
            await self._page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not reach {wanted}.")

    async def press(self, wanted: Locator, key: str = "Enter") -> None:
        """Reach it and press a key."""
        await self.reach(wanted)
        await self._page.keyboard.press(key)

    async def fill(self, label: str, text: str) -> None:
        """Reach the field of this label and type over what stands in it."""
        await self.reach(self._page.get_by_label(label, exact=True))
        await self._page.keyboard.press("Control+A")
        await self._page.keyboard.insert_text(text)

    async def choose(self, label: str, first_letters: str) -> None:
        """Reach the list of this label and type the beginning of what is wanted."""
        await self.reach(self._page.get_by_label(label, exact=True))
        await self._page.keyboard.type(first_letters)

    async def follow(self, name: str) -> None:
        """Reach the link of this name and follow it."""
        await self.press(self._page.get_by_role("link", name=name))

    async def push(self, name: str) -> None:
        """Reach the button of this name and push it."""
        await self.press(self._page.get_by_role("button", name=name))
