"""What the ledger's tests share: books, and by name what many tests need of them only."""

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.ledger.books import Books
from tests.ledger.charges import Allow, Fund, Verified


@pytest.fixture
def books(database: Database, clock: FrozenClock) -> Books:
    return Books(database, clock)


@pytest.fixture
def fund(books: Books) -> Fund:
    return books.fund


@pytest.fixture
def allow(books: Books) -> Allow:
    return books.allow


@pytest.fixture
def verified(books: Books) -> Verified:
    return books.verified
