"""The arguments of ``tollfree publishers`` and ``commissions``; parsing only, so that `--help` answers at once."""

import argparse

_STANDARD_SHARE_BP = 7_000


def add_publishers(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its actions."""
    publishers = commands.add_parser("publishers", help="services that show ads: keys, placements")
    actions = publishers.add_subparsers(dest="action", required=True, metavar="action")
    create = actions.add_parser("create", help="add a service")
    create.add_argument("--name", required=True)
    create.add_argument("--share", type=int, default=_STANDARD_SHARE_BP, help="basis points (7000)")
    create.add_argument("--floor", type=int, default=0, help="least micros for a click (0)")
    listed = actions.add_parser("list", help="list all")
    show = actions.add_parser("show", help="settings, placements and keys of one")
    key = actions.add_parser("key", help="make a key; it is shown once")
    key.add_argument("--test", action="store_true", help="a test key: house ads, never billed")
    revoke = actions.add_parser("revoke", help="end a key")
    revoke.add_argument("key", help="the key's id, key_…")
    block = actions.add_parser("block", help="replace the list of what it does not show")
    for kind in ("category", "domain", "advertiser"):
        block.add_argument(f"--{kind}", action="append", default=[])
    place = actions.add_parser("place", help="make a placement, or make it anew")
    place.add_argument("--format", action="append", default=[])
    place.add_argument("--floor", type=int, default=0)
    place.add_argument("--min-relevance", type=float, default=0.0)
    place.add_argument("--ads-per-session", type=int, default=None)
    remove = actions.add_parser("remove", help="remove a placement")
    complaints = actions.add_parser("complaints", help="what readers say is wrong with ads")
    complaints.add_argument("--days", type=int, default=30)
    for action in (show, key, block, place, remove):
        action.add_argument("publisher", help="the publisher's id, pub_…")
    for action in (place, remove):
        action.add_argument("placement", help="the placement's name")
    for action in (create, listed, show, key, revoke, block, place, remove, complaints):
        action.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        action.add_argument("--json", action="store_true", help="print JSON")


def add_commissions(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its one action."""
    commissions = commands.add_parser("commissions", help="what affiliate networks report")
    actions = commissions.add_subparsers(dest="action", required=True, metavar="action")
    imports = actions.add_parser("import", help="book a CSV file; may be repeated")
    imports.add_argument("file", help="network,transaction_id,state,amount,currency,sub_id")
    imports.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    imports.add_argument("--json", action="store_true", help="print JSON")
