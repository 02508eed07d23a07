"""An account in the hands of one transaction: what its row says, and what is to be added to it.

Pure numbers. Nothing is taken from an account that must not go below zero unless it is there, and
what a deferred account gets is counted apart, for settlement.
"""

from dataclasses import dataclass

from kernel.errors import InsufficientFunds
from kernel.money import Micros
from ledger.account import AccountKind, Side, kind_of
from ledger.postings import Leg


@dataclass(slots=True)
class HeldAccount:
    """An account in the hands of one transaction: what the row says, and what is to be added."""

    id: int
    code: str
    kind: AccountKind
    balance: int
    reserved: int
    version: int
    debits: int = 0
    credits: int = 0
    moves: int = 0
    pending_debits: int = 0
    pending_credits: int = 0
    later_debits: int = 0
    later_credits: int = 0
    later_entries: int = 0

    @classmethod
    def of_row(  # noqa: PLR0917  the columns of the row, in their order
        cls,
        number: int,
        code: str,
        debits_posted: int,
        credits_posted: int,
        debits_pending: int,
        credits_pending: int,
        version: int,
    ) -> "HeldAccount":
        """The account as its row says it stands."""
        kind = kind_of(code)
        balance, reserved = credits_posted - debits_posted, debits_pending
        if kind.side == "debit":
            balance, reserved = -balance, credits_pending
        return cls(number, code, kind, balance, reserved, version)

    @property
    def available(self) -> Micros:
        return Micros(self.balance - self.reserved)

    def move(self, side: Side, amount: int) -> tuple[int | None, int | None]:
        """Add an amount; returns the version and balance that it leads to, if they are known now."""
        grows = side == self.kind.side
        if self.kind.deferred and (grows or not self.kind.no_negative):
            self._defer(side, amount)
            return None, None
        if not grows and self.kind.no_negative and amount > self.balance - self.reserved:
            raise self._short_of(Micros(amount))
        self.balance += amount if grows else -amount
        self.version += 1
        self.moves += 1
        if side == "debit":
            self.debits += amount
        else:
            self.credits += amount
        return (None, None) if self.kind.deferred else (self.version, self.balance)

    def reserve(self, leg: Leg) -> None:
        """Keep a leg's money for later, or raise InsufficientFunds."""
        if self.kind.deferred:
            raise ValueError(f"Nothing can be held on {self.code}: its balance comes later.")
        if leg.side != self.kind.side:
            if self.kind.no_negative and leg.amount > self.available:
                raise self._short_of(leg.amount)
            self.reserved += leg.amount.amount
        self._pend(leg, 1)

    def release(self, leg: Leg) -> None:
        """Free what `reserve` kept."""
        if leg.side != self.kind.side:
            self.reserved -= leg.amount.amount
        self._pend(leg, -1)

    def _pend(self, leg: Leg, sign: int) -> None:
        if leg.side == "debit":
            self.pending_debits += sign * leg.amount.amount
        else:
            self.pending_credits += sign * leg.amount.amount

    def _defer(self, side: Side, amount: int) -> None:
        self.later_entries += 1
        if side == "debit":
            self.later_debits += amount
        else:
            self.later_credits += amount

    def _short_of(self, amount: Micros) -> InsufficientFunds:
        return InsufficientFunds(
            f"This needs {amount.text()} and the balance is {self.available.text()}. "
            "Add funds to go on."
        )
