"""Roles and what each may do: one table, read by routes and templates alike.

Pure. An act that is missing from the table is forbidden to all but the owner; there is no role
that may do everything by accident.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """A member's part in an organisation."""

    OWNER = "owner"
    EDITOR = "editor"
    BILLING = "billing"
    VIEWER = "viewer"


class TokenRole(StrEnum):
    """What a token is good for: as a member of that role, or to report conversions and no more."""

    OWNER = "owner"
    EDITOR = "editor"
    BILLING = "billing"
    VIEWER = "viewer"
    CONVERSIONS = "conversions"


class Act(StrEnum):
    """What a page or a button does, in the trade's words."""

    SEE = "see"
    EDIT_CAMPAIGNS = "edit_campaigns"
    EDIT_APPS = "edit_apps"
    PAY = "pay"
    MANAGE_MEMBERS = "manage_members"
    REPORT_CONVERSIONS = "report_conversions"


_ALLOWED: Final[dict[str, frozenset[Act]]] = {
    Role.OWNER: frozenset(Act),
    Role.EDITOR: frozenset({Act.SEE, Act.EDIT_CAMPAIGNS, Act.EDIT_APPS, Act.REPORT_CONVERSIONS}),
    Role.BILLING: frozenset({Act.SEE, Act.PAY}),
    Role.VIEWER: frozenset({Act.SEE}),
    TokenRole.CONVERSIONS: frozenset({Act.REPORT_CONVERSIONS}),
}


def may(role: Role | TokenRole, act: Act) -> bool:
    """Whether one with this role may do it: ``may(Role.VIEWER, Act.PAY)`` is False."""
    return act in _ALLOWED[role]
