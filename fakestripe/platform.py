"""The stand-in as a whole: one platform account with its objects, balance, events and clock."""

from fakestripe.balance import Balance
from fakestripe.clock import Clock
from fakestripe.events import Events
from fakestripe.faults import Faults
from fakestripe.forms import Params
from fakestripe.idempotency import IdempotentAnswers
from fakestripe.objects import Objects

API_VERSION = "2026-10-28.endive"


class Platform:
    """Everything a request handler works on. Handlers are synchronous, so each is atomic."""

    def __init__(self, *, public_url: str, secret_key: str = "sk_test_tollfree") -> None:  # noqa: S107  test money
        self.public_url = public_url.rstrip("/")
        self.secret_key = secret_key
        self.clock = Clock()
        self.objects = Objects()
        self.faults = Faults()
        self.balance = Balance(self.objects, self.clock)
        self.events = Events(self.objects, self.clock, self.faults, api_version=API_VERSION)
        self.answers = IdempotentAnswers(self.clock)
        # What a session's intent will be made with: by session, because the session hides it.
        self.intent_data: dict[str, Params] = {}
