"""Readers and machines, by what they say of themselves."""

import crawleruseragents
import pytest

from adserver.events.visitors import Machine, machine

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG X) AppleWebKit/537.36 Chrome/140.0 Mobile",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    ],
)
def test_browsers_are_readers(agent: str) -> None:
    assert machine(method="GET", user_agent=agent) is None


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1",
        "WhatsApp/2.23.20 A",
        "TelegramBot (like TwitterBot)",
        "Twitterbot/1.0",
        "Discordbot/2.0",
        "LinkedInBot/1.0",
        "Mozilla/5.0 (compatible; GPTBot/1.2)",
        "Mozilla/5.0 (compatible; ClaudeBot/1.0)",
        "Mozilla/5.0 (compatible; Applebot/0.1)",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0.0.0 Safari/537.36",
        "Pingdom.com_bot_version_1.4",
        "Mozilla/5.0 (compatible; SkypeUriPreview Preview/0.5)",
    ],
)
def test_those_who_say_that_they_are_machines_are_machines(agent: str) -> None:
    assert machine(method="GET", user_agent=agent) is Machine.CRAWLER
    assert machine(method="GET", user_agent=agent, programs_pay=True) is Machine.CRAWLER


def test_every_agent_of_the_public_list_is_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    agents = {
        agent
        for crawler in crawleruseragents.CRAWLER_USER_AGENTS_DATA
        for agent in crawler.get("instances", ())
    }

    readers = [agent for agent in agents if machine(method="GET", user_agent=agent) is None]

    with capsys.disabled():
        print(f"\n{len(agents)} agents of crawler-user-agents never bill")  # noqa: T201
    assert len(agents) > 1_000
    assert readers == []


@pytest.mark.parametrize(
    "agent",
    [
        "curl/8.5.0",
        "python-requests/2.32",
        "python-httpx/0.28",
        "Go-http-client/2.0",
        "okhttp/4",
        "",
        None,
    ],
)
def test_programs_are_no_readers_unless_one_is_trying_things_out(agent: str | None) -> None:
    assert machine(method="GET", user_agent=agent) is Machine.PROGRAM
    assert machine(method="GET", user_agent=agent, programs_pay=True) is None


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "Preview", "prerender"])
def test_fetching_ahead_is_not_reading(purpose: str) -> None:
    assert machine(method="GET", user_agent=CHROME, purpose=purpose) is Machine.PREFETCH


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
def test_only_a_get_is_a_click(method: str) -> None:
    assert machine(method=method, user_agent=CHROME, programs_pay=True) is Machine.HEAD
