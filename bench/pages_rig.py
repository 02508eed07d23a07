# ruff: noqa: ANN001, ANN201, ANN202, S608
"""A house with as many events behind it as one likes, made by the database itself.

Decisions of sixty days with their steps, 40 % of them the house's, in twelve campaigns of two ads
each; the facts of reports are what the worker would have counted of them, and finished days are
added up by its own code. All clicks are the house's and charged in the ledger.
"""

import json
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from adserver.catalog import commands, queries
from adserver.catalog.campaign import CampaignTerms
from adserver.catalog.targeting import Targeting
from adserver.reports import days
from kernel.money import Micros
from ledger.charging import Split
from ledger.journal import charge
from tests.advertiser_portal.houses import PRICE, a_house

STEPS = (
    ("delivered", "1 = 1", "false"),
    ("viewable", "CAST(substr(id, 5) AS BIGINT) % 5 < 2", "false"),
    ("click", "CAST(substr(id, 5) AS BIGINT) % 200 = 1", "true"),
)
DAYS, CAMPAIGNS, EVENTS_PER_DECISION = 60, 12, 1.846
TOPICS = ("running", "fitness", "fashion", "travel", "coffee", "books", "audio", "games")

# Numbers from n alone, so that a seed is the same everywhere. Every tenth decision shows nothing.
_COLUMNS = """
  'dec_' || n AS id, {at} AS created_at,
  CASE WHEN n % 5 = 0 THEN 'pub_2' ELSE 'zero' END AS publisher_id,
  'app_' || (n / 7 % 8) AS app_id, {no} AS test, 'ad' AS outcome, NULL AS no_fill_reason,
  CASE WHEN n % 10 < 4 THEN '{house}' ELSE 'adv_' || (n % 19) END AS advertiser_id,
  CASE WHEN n % 10 < 4 THEN 'cmp_' || (n / 10 % 12) ELSE 'cmp_x' || (n % 190) END AS campaign_id,
  CASE WHEN n % 10 < 4 THEN 'crt_' || (n / 10 % 24) ELSE 'crt_x' || (n % 380) END AS creative_id,
  n % 400 AS creative_number, 1 AS creative_version,
  CASE WHEN n % 9 = 0 THEN 'mention' ELSE 'unit' END AS format, NULL AS placement,
  450000 AS bid_micros, 310000 AS price_micros, 0.8 AS relevance,
  CASE n / 3 % 8 {topics} END AS topic, 'cpc' AS bid_type,
  CASE n / 11 % 12 {countries} END AS country,
  CASE WHEN n > {traced} THEN :trace ELSE '{{}}' END AS trace
"""
# Only the newest auctions are looked back at: the others need no candidates.
TRACED = 20_000


def a_trace():
    """An auction of three rivals, as an event keeps it."""
    rival = {
        "number": 7,
        "creative": "crt_r",
        "version": 1,
        "campaign": "cmp_r",
        "similarity": 0.6,
        "relevance": 0.6,
        "quality": 1.1,
        "click_rate": 0.012,
        "drawn": 0.012,
        "pace": 1.0,
        "certainty": 4.0,
        "conversion_rate": 0.0,
        "bid_type": "cpc",
        "reserve": 10_000,
        "room": 10**9,
        "filter": None,
    }
    rivals = [rival | {"advertiser": f"adv_r{at}", "bid": 150_000 * (at + 1)} for at in range(3)]
    floors = {"relevance": 0.4, "commercial": 0.5}
    known = {"v": 2, "seed": 5, "reserve": 10_000, "floors": floors, "gate": None, "language": "en"}
    return json.dumps(known | {"candidates": rivals})


def _cases(values):
    return " ".join(f"WHEN {at} THEN '{value}'" for at, value in enumerate(values))


def _columns(engine, house, start, count):
    at = {
        "postgresql": f"timestamptz '{start:%Y-%m-%d} 00\\:00+00' + make_interval(secs => "
        f"n::double precision * :seconds)",
        "sqlite": f"strftime('%Y-%m-%d %H:%M:%S', '{start:%Y-%m-%d}', '+' || "
        "CAST(n * :seconds AS INTEGER) || ' seconds') || '.000000'",
    }[engine]
    countries = ("DE", "US", "GB", "FR", "AT", "CH", "NL", "SE", "ES", "IT", "PL", "DK")
    return _COLUMNS.format(
        at=at,
        no="false" if engine == "postgresql" else "0",
        house=house,
        topics=_cases(TOPICS),
        countries=_cases(countries),
        traced=max(0, count - TRACED),
    )


async def seed_events(database, engine, house, *, events, clock):
    """Decisions, steps and the facts that the worker would have counted of them."""
    start = clock.now() - timedelta(days=DAYS)
    async with database.writing() as tx:
        await _decisions(tx, engine, house, count=round(events / EVENTS_PER_DECISION), start=start)
        for step, which, billable in STEPS:
            await tx.execute(
                sa.text(
                    "INSERT INTO ad_step (decision_id, step, at, billable, price_micros) "
                    f"SELECT id, '{step}', created_at, {billable}, 310000 FROM ad_decision "
                    f"WHERE {which} AND (CAST(substr(id, 5) AS BIGINT) % 10 < 6 OR "
                    f"CAST(substr(id, 5) AS BIGINT) % 200 = 1)"
                )
            )
        await _facts(tx, engine)
        every_day = [start.date() + timedelta(days=at) for at in range(DAYS + 1)]
        await tx.execute(
            sa.text("INSERT INTO report_day (day, touched) VALUES (:day, 1)"),
            [{"day": day if engine == "postgresql" else day.isoformat()} for day in every_day],
        )
    while await days.add_up_finished(database, clock, most=10):
        pass
    if engine == "postgresql":
        async with database.write_engine.connect() as connection:
            plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await plain.execute(sa.text("ANALYZE"))


async def _decisions(tx, engine, house, *, count, start):
    series = {
        "postgresql": f"FROM generate_series(0, {count - 1}) AS g(n)",
        "sqlite": f"FROM (WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g "
        f"WHERE n < {count - 1}) SELECT n FROM g)",
    }[engine]
    listed = (
        "id, created_at, publisher_id, app_id, test, outcome, no_fill_reason, advertiser_id, "
        "campaign_id, creative_id, creative_number, creative_version, format, placement, "
        "bid_micros, price_micros, relevance, topic, bid_type, country, trace"
    )
    trace = "CAST(trace AS JSON)" if engine == "postgresql" else "trace"
    await tx.execute(
        sa.text(
            f"INSERT INTO ad_decision ({listed}) SELECT {listed.replace('trace', trace)} "
            f"FROM (SELECT {_columns(engine, house, start, count)} {series}) AS made"
        ),
        {"seconds": (DAYS * 86_400 - 3_600) / count, "trace": a_trace()},
    )


async def _facts(tx, engine):
    slot = {
        "postgresql": "date_bin('15 minutes', created_at, timestamptz '2020-01-01 00\\:00+00')",
        "sqlite": "substr(created_at, 1, 14) || substr('00153045', 1 + 2 * "
        "(CAST(substr(created_at, 15, 2) AS INTEGER) / 15), 2) || '\\:00.000000'",
    }[engine]
    keys = "advertiser_id, publisher_id, campaign_id, creative_id, creative_version, app_id"
    kinds = {name: f"COUNT(CASE WHEN s.step = '{name}' THEN 1 END)" for name, _, _ in STEPS}
    await tx.execute(
        sa.text(
            f"INSERT INTO report_fact (slot, {keys}, topic, country, format, delivered, "
            "rendered, viewable, clicks, billed, invalid, conversions, spend_micros, "
            "credited_micros, earned_micros, value_micros) "
            f"SELECT {slot}, {keys}, topic, country, format, {kinds['delivered']}, 0, "
            f"{kinds['viewable']}, {kinds['click']}, {kinds['click']}, 0, 0, "
            f"310000 * {kinds['click']}, 0, 217000 * {kinds['click']}, 0 "
            "FROM ad_decision d JOIN ad_step s ON s.decision_id = d.id "
            f"GROUP BY 1, {keys}, topic, country, format"
        )
    )


async def seed_house(database, clock):
    """The house with its campaigns; ids are those of the events."""
    house = await a_house(database, clock, "Strideworks")
    async with database.writing() as tx:
        known = await queries.creative(tx, house.creative_id)
        for number in range(CAMPAIGNS):
            made = await commands.create_campaign(
                tx,
                advertiser_id=house.advertiser_id,
                terms=CampaignTerms(
                    f"Campaign {number}",
                    Micros(450_000),
                    None,
                    Micros(20_000_000),
                    "UTC",
                    clock.now(),
                ),
                targeting=Targeting(),
                clock=clock,
            )
            await commands.start_campaign(tx, made.campaign_id, clock=clock)
            for at in (number, number + CAMPAIGNS):
                copy = replace(known.copy, title=f"Ad {at} of campaign {number}")
                one = await commands.create_creative(
                    tx, campaign_id=made.campaign_id, copy=copy, clock=clock
                )
                await commands.submit_creative(
                    tx, one.creative_id, auto_approve_after_lint=True, clock=clock
                )
                await tx.execute(
                    sa.text("UPDATE creative SET id = :new WHERE id = :old"),
                    {"new": f"crt_{at}", "old": one.creative_id},
                )
            # The catalog's own ids are random: the events name them by number.
            await tx.execute(
                sa.text("UPDATE creative SET campaign_id = :first WHERE campaign_id = :old"),
                {"first": house.campaign_id, "old": made.campaign_id},
            )
            await tx.execute(
                sa.text("UPDATE campaign SET id = :new WHERE id = :old"),
                {"new": f"cmp_{number}", "old": made.campaign_id},
            )
            await tx.execute(
                sa.text("UPDATE creative SET campaign_id = :new WHERE id IN (:one, :other)"),
                {
                    "new": f"cmp_{number}",
                    "one": f"crt_{number}",
                    "other": f"crt_{number + CAMPAIGNS}",
                },
            )
    return replace(house, campaign_id="cmp_0", creative_id="crt_0")


async def seed_charges(database, clock, house):
    """The ledger's side of the clicks of this advertiser."""
    async with database.reading() as session:
        clicked = list(
            await session.scalars(
                sa.text(
                    "SELECT d.id FROM ad_step s JOIN ad_decision d ON d.id = s.decision_id "
                    "WHERE s.step = 'click' AND d.advertiser_id = :house ORDER BY s.at"
                ),
                {"house": house.advertiser_id},
            )
        )
    for at in range(0, len(clicked), 200):
        async with database.writing() as tx:
            for decision in clicked[at : at + 200]:
                await charge(
                    tx,
                    key=f"click:{decision}",
                    payer=house.advertiser_id,
                    limits=(),
                    price=Micros(PRICE.amount // 1_000),
                    split=Split("zero", 7_000),
                    ref=decision,
                    clock=clock,
                )
    return len(clicked)
