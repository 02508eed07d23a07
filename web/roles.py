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


class Act(StrEnum):
    """What a page or a button does, in the trade's words."""

    SEE = "see"
    EDIT_CAMPAIGNS = "edit_campaigns"
    EDIT_APPS = "edit_apps"
    PAY = "pay"
    MANAGE_MEMBERS = "manage_members"


_ALLOWED: Final = {
    Role.OWNER: frozenset(Act),
    Role.EDITOR: frozenset({Act.SEE, Act.EDIT_CAMPAIGNS, Act.EDIT_APPS}),
    Role.BILLING: frozenset({Act.SEE, Act.PAY}),
    Role.VIEWER: frozenset({Act.SEE}),
}


def may(role: Role, act: Act) -> bool:
    """Whether a member with this role may do it: ``may(Role.VIEWER, Act.PAY)`` is False."""
    return act in _ALLOWED[role]
