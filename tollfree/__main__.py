"""The command line: ``tollfree demo | serve | worker | migrate | keys | match | models | …``.

Only parses and hands over; each command lives in its own module, imported when it is asked for, so
that `--help` answers at once. An expected error is one sentence on standard error and exit code 2.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from tollfree.publisher_arguments import add_commissions, add_publishers

_MODULES = {
    "demo": "tollfree.demo",
    "serve": "tollfree.serve",
    "worker": "tollfree.worker",
    "migrate": "tollfree.migrate",
    "keys": "tollfree.keys",
    "ad-settings": "tollfree.ad_settings",
    "commissions": "tollfree.commissions",
    "publishers": "tollfree.publishers",
    "match": "tollfree.match",
    "explain": "tollfree.explain",
    "models": "tollfree.models",
    "ledger": "tollfree.ledger",
    "backup": "tollfree.backup",
    "restore": "tollfree.backup",
    "stop": "tollfree.stop",
    "tokens": "tollfree.tokens",
    "resume": "tollfree.stop",
    "billing": "tollfree.billing",
    "chat": "tollfree.chat",
    "top": "tollfree.top",
    "doctor": "tollfree.doctor",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        module = importlib.import_module(_MODULES[asked.command])
        return int(module.run(asked))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
    except Exception as error:
        # The error tree is imported late: `--help` must not pay for it.
        from kernel.errors import TollfreeError

        if not isinstance(error, TollfreeError):
            raise
        sys.stderr.write(f"✗ {error.message}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tollfree",
        description="A free, OpenAI-compatible LLM API paid for by clearly labelled ads.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _demo(commands)
    _serve(commands)
    _keys(commands)
    _ad_settings(commands)
    add_publishers(commands)
    _tokens(commands)
    add_commissions(commands)
    _explain(commands)
    match = commands.add_parser("match", help="show the decision for one message")
    match.add_argument("text", help="what a person would ask")
    match.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    match.add_argument("--json", action="store_true", help="print JSON")
    models = commands.add_parser("models", help="prepare the language model")
    builds = models.add_subparsers(dest="action", required=True, metavar="action")
    build = builds.add_parser("build", help="export the embedding model for serving")
    build.add_argument("--force", action="store_true", help="export again")
    build.add_argument("--out", metavar="DIR", help="folder of models (TOLLFREE_MODELS)")
    train = builds.add_parser("train", help="fit the heads anew on a folder of public sets")
    train.add_argument("--data", metavar="DIR", required=True, help="folder of public sets")
    train.add_argument("--prompts", metavar="DIR", help="our own prompts (tests/scenarios/prompts)")
    train.add_argument("--out", metavar="DIR", help="where to write (language/models)")
    clusters = builds.add_parser("clusters", help="fit the subjects that events are counted by")
    clusters.add_argument("--data", metavar="DIR", required=True, help="folder of public sets")
    clusters.add_argument("--out", metavar="DIR", help="where to write (adserver/intent/models)")
    books = commands.add_parser("ledger", help="check the books")
    checks = books.add_subparsers(dest="action", required=True, metavar="action")
    verify = checks.add_parser("verify", help="check every rule; exit code 1 at a violation")
    verify.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    verify.add_argument("--json", action="store_true", help="print JSON, with every violation")
    _stops(commands)
    for name, does in (("backup", "write the database to"), ("restore", "fill an empty one from")):
        copy = commands.add_parser(name, help=f"{does} one file")
        copy.add_argument("file", help="such as tollfree-2026-11-23.backup")
        copy.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        copy.add_argument("--json", action="store_true", help="print JSON")
    _billing(commands)
    _chat(commands)
    top = commands.add_parser("top", help="show how fast, how sound and how costly the calls are")
    top.add_argument("--minutes", type=int, default=60, help="how far back to look (60)")
    top.add_argument(
        "--by", choices=["upstream", "app", "model"], default="upstream", help="(upstream)"
    )
    top.add_argument("--watch", action="store_true", help="show it again every two seconds")
    top.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    top.add_argument("--json", action="store_true", help="print JSON")
    doctor = commands.add_parser("doctor", help="check this installation and say what mends it")
    doctor.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _chat(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    chat = commands.add_parser("chat", help="talk to a running server in the terminal")
    chat.add_argument("question", nargs="*", help="ask this and end; without it, a conversation")
    chat.add_argument("--url", help="the server (http://127.0.0.1:8787)")
    chat.add_argument("--key", help="an API key (TOLLFREE_API_KEY, or the demo's own)")
    chat.add_argument("--model", help="the model to ask (the first that the server lists)")
    chat.add_argument("--data", metavar="DIR", help="data folder of a demo (TOLLFREE_DATA)")


def _explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    explain = commands.add_parser("explain", help="lay a recorded decision open and replay it")
    explain.add_argument("decision", nargs="?", help="its id; without one, how decisions ended")
    explain.add_argument("--hours", type=float, default=24, help="how far back to count")
    explain.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    explain.add_argument("--json", action="store_true", help="print JSON")


def _demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser("demo", help="everything on this machine, in one command")
    demo.add_argument("--host", default=None, help="address to listen on (127.0.0.1)")
    demo.add_argument("--port", type=int, default=None, help="port, or the next free one (8787)")
    demo.add_argument("--data", metavar="DIR", help="data folder (.tollfree)")
    demo.add_argument("--reset", action="store_true", help="forget everything and start afresh")
    demo.add_argument("--no-sample", action="store_true", help="do not send the sample chat")
    demo.add_argument("--json", action="store_true", help="print one JSON line when ready")


def _serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = commands.add_parser("serve", help="serve, with the settings of the environment")
    serve.add_argument("--only", choices=["ads"], help="the ad network alone, for the SDK")
    serve.add_argument("--host", default=None, help="address to listen on (TOLLFREE_HOST)")
    serve.add_argument("--port", type=int, default=None, help="port (TOLLFREE_PORT)")
    serve.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    worker = commands.add_parser("worker", help="do what follows up on requests (PostgreSQL only)")
    worker.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
    worker.add_argument("--heartbeat", metavar="FILE", help="touch this file each second")
    migrate = commands.add_parser("migrate", help="bring the database to the newest schema")
    migrate.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")


def _billing(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    till = commands.add_parser("billing", help="payments: reconcile, events that failed, codes")
    acts = till.add_subparsers(dest="action", required=True, metavar="action")
    compare = acts.add_parser(
        "reconcile", help="explain every movement; exit code 1 if one is left"
    )
    events = acts.add_parser("events", help="list events that were given up; exit code 1 if any")
    events.add_argument("--again", action="store_true", help="queue them once more")
    code = acts.add_parser("promo", help="offer a promo code")
    code.add_argument("code", help="7 to 40 letters, digits and dashes")
    code.add_argument("--amount", required=True, metavar="USD", help="what it gives")
    code.add_argument("--uses", type=int, default=100, help="by how many advertisers (100)")
    code.add_argument("--days", type=int, default=30, help="how long it can be redeemed (30)")
    for act in (compare, events, code):
        act.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        act.add_argument("--json", action="store_true", help="print JSON")


def _stops(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, does in (("stop", "stop"), ("resume", "let go on")):
        act = commands.add_parser(name, help=f"{does} all ads, an advertiser, a creative or an app")
        act.add_argument("scope", choices=["ads", "advertiser", "creative", "app"])
        act.add_argument("id", nargs="?", help="which one; not for ads")
        act.add_argument("--reason", default="by the operator", help="kept with the stop")
        act.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        act.add_argument("--json", action="store_true", help="print JSON")


def _tokens(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tokens = commands.add_parser("tokens", help="create, list and revoke advertisers' tokens")
    actions = tokens.add_subparsers(dest="action", required=True, metavar="action")
    create = actions.add_parser("create", help="make a token; it is shown once")
    create.add_argument(
        "--role",
        choices=["owner", "editor", "billing", "viewer", "conversions"],
        default="conversions",
    )
    create.add_argument("--name", default="Conversions", help="what it is for")
    create.add_argument("--days", type=int, help="how long it lasts; until it is revoked without")
    listed = actions.add_parser("list", help="list tokens, without their secrets")
    revoke = actions.add_parser("revoke", help="end a token")
    for action in (create, listed, revoke):
        action.add_argument("advertiser", help="the advertiser's id, adv_…")
        action.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        action.add_argument("--json", action="store_true", help="print JSON")
    revoke.add_argument("token", help="the token's id, tok_…")


def _keys(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keys = commands.add_parser("keys", help="create, list and revoke API keys")
    actions = keys.add_subparsers(dest="action", required=True, metavar="action")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("--app", metavar="ID", help="an existing app; a new one is made without")
    create.add_argument("--name", default="My app", help="name of a new app")
    create.add_argument("--test", action="store_true", help="a test key: house ads, never billed")
    listed = actions.add_parser("list", help="list keys, without their secrets")
    revoke = actions.add_parser("revoke", help="end a key")
    revoke.add_argument("key", help="the key's id, key_…")
    for action in (create, listed, revoke):
        action.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        action.add_argument("--json", action="store_true", help="print JSON")


def _ad_settings(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    chosen = commands.add_parser("ad-settings", help="what an app or a key says about ads")
    actions = chosen.add_subparsers(dest="action", required=True, metavar="action")
    show = actions.add_parser("show", help="what holds")
    change = actions.add_parser("set", help="change some of it; the rest stays")
    for action in (show, change):
        action.add_argument("id", help="app_… or key_…")
        action.add_argument("--data", metavar="DIR", help="data folder (TOLLFREE_DATA)")
        action.add_argument("--json", action="store_true", help="print JSON")
    change.add_argument("values", nargs="+", metavar="name=value", help="as in min_relevance=0.5")


if __name__ == "__main__":
    sys.exit(main())
