"""What each role may do."""

import pytest

from web.roles import Act, Role, may


def test_an_owner_may_do_everything() -> None:
    assert all(may(Role.OWNER, act) for act in Act)


@pytest.mark.parametrize("role", list(Role))
def test_everybody_may_look(role: Role) -> None:
    assert may(role, Act.SEE)


def test_a_viewer_may_only_look() -> None:
    assert [act for act in Act if may(Role.VIEWER, act)] == [Act.SEE]


def test_who_pays_does_not_edit_and_who_edits_does_not_pay() -> None:
    assert not may(Role.BILLING, Act.EDIT_CAMPAIGNS)
    assert not may(Role.EDITOR, Act.PAY)
    assert not may(Role.EDITOR, Act.MANAGE_MEMBERS)
