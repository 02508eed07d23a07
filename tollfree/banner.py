"""What `demo` prints when it is ready: for people the banner, for programs one JSON line."""

import json
import os
import shlex
from dataclasses import asdict, dataclass

from tollfree.household import Household

SAMPLE_QUESTION = "Which running shoes are good for flat feet?"


@dataclass(frozen=True)
class Announcement:
    """Where everything is."""

    address: str
    household: Household
    upstream: str
    says: str
    passed_over: tuple[str, ...]
    database_url: str

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    @property
    def portal_url(self) -> str:
        return f"{self.address}/advertiser/"


def as_json(announced: Announcement) -> str:
    """One line, for whoever started the demo as a program."""
    return json.dumps(
        {
            "base_url": announced.base_url,
            "portal_url": announced.portal_url,
            "api_key": announced.household.api_key,
            "advertiser": asdict(announced.household.advertiser),
            "operator": asdict(announced.household.operator),
            "upstream": announced.upstream,
            "database_url": announced.database_url,
            "pid": os.getpid(),
        }
    )


def as_text(announced: Announcement, *, colour: bool) -> str:
    """The banner."""
    bold, end = ("\033[1m", "\033[0m") if colour else ("", "")
    household = announced.household
    rows = [
        ("API", f'{announced.base_url}   for any OpenAI client, model "demo"'),
        ("Key", household.api_key),
        ("Answers", announced.says),
        *(("", f"{found}") for found in announced.passed_over),
        ("Portal", announced.portal_url),
        ("Sign in", f"{household.advertiser.email}   {household.advertiser.password}"),
    ]
    lines = [f"{bold}Tollfree is running.{end} Stop it with Ctrl-C.", ""]
    lines += [f"  {bold}{name:<9}{end}{text}" for name, text in rows]
    return "\n".join([*lines, "", f"  {bold}Try it{end}", f"  {curl(announced)}", ""])


def curl(announced: Announcement) -> str:
    """One command that can be pasted into a shell."""
    body = {
        "model": "demo",
        "messages": [{"role": "user", "content": SAMPLE_QUESTION}],
    }
    return " ".join(
        [
            f"curl {announced.base_url}/chat/completions",
            f"-H 'Authorization: Bearer {announced.household.api_key}'",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(body))}",
        ]
    )
