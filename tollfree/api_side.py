"""Build the free API: keys, upstreams, the heart, and its hot path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from api.access.answer_cache import AnswerCache
from api.access.idempotency import Shelf
from api.access.key_book import IsStopped, KeyBook
from api.access.limits import QuotaPlan
from api.access.quota import QuotaBook, Standing
from api.access.visit import GuardedKeys, subjects_of
from api.chat.attestation import Attestation
from api.chat.completion import ChatHeart, ChatSettings
from api.chat.images import ImageDesk
from api.chat.likeness import Likeness
from api.chat.metered_rows import MeteredRows
from api.chat.once import OnceHeart
from api.chat.usage import CompletionRow, write_completions
from api.http.chat_completions import ChatCompletions
from api.http.surfaces import Surfaces
from api.http.turnstile import Turnstile
from api.monitoring.genai import GenAiMetrics
from api.monitoring.hours import CallHours
from api.monitoring.pulse import Pulse
from api.solvency.allowance import Allowance
from api.solvency.forecast import RevenueForecast
from api.solvency.purse import Purse
from api.solvency.standing import Standings
from api.upstream.room import Room
from api.upstream.routing import Routing
from kernel.egress import Egress
from kernel.group_commit import GroupCommit
from kernel.money import Micros
from kernel.shared_state import InProcessState
from tollfree.crew import Crew
from tollfree.doorway import App
from tollfree.foundations import Foundations
from tollfree.otlp import OtlpExporter
from tollfree_sdk.contract import AdSource
from tollfree_sdk.placement.links import Account

#: An OpenTelemetry collector: where it is, and the headers that it wants.
Collector = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class SpendPlan:
    """What may be spent on upstreams in a UTC day, and by a standard app on one answer."""

    per_day: Micros = field(default_factory=lambda: Micros(50_000_000))
    answer_cost: Micros = field(default_factory=lambda: Micros(20_000))


@dataclass(frozen=True)
class ApiSide:
    """The API of this process."""

    keys: KeyBook
    heart: ChatHeart
    routing: Routing
    chat: ChatCompletions
    surfaces: Surfaces
    completions: GroupCommit[CompletionRow]
    hours: CallHours
    exporter: OtlpExporter | None
    quotas: QuotaBook
    plan: QuotaPlan
    once: OnceHeart
    cache: AnswerCache
    attestation: Attestation
    purse: Purse
    standings: Standings

    def guarded(self, app: App) -> App:
        """The application with the quotas around it."""
        return Turnstile(app, self.quotas, self.plan, self.cache)

    def start(self, crew: Crew) -> None:
        crew.start("completions", self.completions.run)
        crew.start("call_hours", self.hours.run)
        crew.start("pulse", Pulse(lambda: self.chat.open_answers).run)
        if self.exporter is not None:
            crew.start("otlp", self.exporter.run)
        crew.start("keys", self.keys.run)
        crew.start("quotas", self.quotas.run)
        crew.start("spend", self.purse.run)
        crew.start("standings", self.standings.run)

    def left_of(self, app_id: str, key_id: str, granted: str) -> Sequence[Standing]:
        """What is left of the limits of a key and its app, as this process knows it."""
        tier = self.plan.tier(self.standings.tier(app_id, granted))
        subjects = subjects_of(self.quotas, self.plan, tier, key_id=key_id, app_id=app_id)
        return self.quotas.standings(subjects)

    def shut_down(self) -> None:
        """End the answers that are still open."""
        self.chat.shut_down()
        self.surfaces.shut_down()

    async def close(self) -> None:
        """End open answers, and write what follows the finished ones."""
        self.shut_down()
        await self.once.close()
        await self.heart.close()
        await self.completions.close()
        await self.hours.flush()
        await self.purse.close()


def build_api_side(
    grounds: Foundations,
    *,
    ads: AdSource,
    verifies: Callable[[str], bool],
    routing: Routing,
    decision_deadline_ms: int,
    quotas: QuotaPlan,
    shares_state: bool,
    spend: SpendPlan,
    forecast: RevenueForecast,
    is_stopped: IsStopped,
    affiliates: tuple[Account, ...] = (),
    collector: Collector | None = None,
) -> ApiSide:
    """Build it; `ads` may be the engine in this process or the network over HTTP."""
    standings = Standings(grounds.database, grounds.clock, forecast)
    purse = Purse(grounds.database, grounds.clock, per_day=spend.per_day)
    keys = _keys(grounds, standings, is_stopped)
    hours, exporter, completions = _monitored(grounds, collector)
    attestation = Attestation(grounds.signing.derive("organic"))
    # With nobody to share with, telling them would only cost time.
    book = QuotaBook(grounds.clock, grounds.shared_state if shares_state else None)
    heart = ChatHeart(
        ads,
        routing,
        completions,
        grounds.clock,
        public_url=grounds.public_url,
        verifies=verifies,
        settings=_chat_settings(grounds, decision_deadline_ms, affiliates, attestation),
        allowance=_allowance(purse, standings, spend, quotas),
        likeness=Likeness(grounds.embedder, grounds.clock),
        room=Room(book),
        images=ImageDesk(Egress()),
    )
    once = OnceHeart(heart, _shelf(grounds, is_shared=shares_state))
    surfaces = Surfaces(once, keys, routing, grounds.embedder)
    return ApiSide(
        keys,
        heart,
        routing,
        ChatCompletions(once, keys),
        surfaces,
        completions,
        hours,
        exporter,
        quotas=book,
        plan=quotas,
        once=once,
        cache=AnswerCache(grounds.clock),
        attestation=attestation,
        purse=purse,
        standings=standings,
    )


def _chat_settings(
    grounds: Foundations,
    deadline_ms: int,
    affiliates: tuple[Account, ...],
    attestation: Attestation,
) -> ChatSettings:
    # The key is derived, so that all workers of an installation name a conversation alike.
    key = grounds.signing.derive("session")
    return ChatSettings(
        deadline_ms, session_key=key, affiliates=affiliates, attestation=attestation
    )


def _monitored(
    grounds: Foundations, collector: Collector | None
) -> tuple[CallHours, OtlpExporter | None, MeteredRows]:
    """Who sees every call, and the rows that they see."""
    hours, genai = CallHours(grounds.database), GenAiMetrics()
    exporter = OtlpExporter(genai, *collector, grounds.clock) if collector else None
    rows = MeteredRows(
        grounds.database,
        write_completions,
        max_delay_ms=50,
        watchers=(hours.note, genai.note) if collector else (hours.note,),
    )
    return hours, exporter, rows


def _keys(grounds: Foundations, standings: Standings, is_stopped: IsStopped) -> GuardedKeys:
    return GuardedKeys(
        grounds.database,
        grounds.clock,
        grounds.shared_state,
        standing=standings.tier,
        is_stopped=is_stopped,
    )


def _allowance(
    purse: Purse, standings: Standings, spend: SpendPlan, quotas: QuotaPlan
) -> Allowance:
    cost, most = spend.answer_cost, quotas.max_output_tokens
    return Allowance(purse, standings, answer_cost=cost, most_output=most)


def _shelf(grounds: Foundations, *, is_shared: bool) -> Shelf:
    # In one process the copies are kept in its memory: few enough of them not to fill it.
    copies = grounds.shared_state if is_shared else InProcessState(grounds.clock, capacity=1_000)
    return Shelf(grounds.shared_state, copies, grounds.clock)
