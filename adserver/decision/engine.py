"""The ad engine: a request in, a decision out, always and in time.

Owns the deadline, the thread pool and the record of each decision. Whatever fails inside becomes a
no-ad with its reason and a count; nothing is raised to the caller but its own cancellation. An ad
that cannot be recorded is not shown: it could be neither explained nor paid for.
"""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Final

from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from adserver.catalog.stops import StopBoard
from adserver.decision.announcement import announced, announced_link, event_of
from adserver.decision.budget import BudgetBook
from adserver.decision.decide import Verdict, decide, turned_away
from adserver.decision.frequency import NOTHING_SEEN, Frequency, Seen, conversation_key
from adserver.decision.gates import Asked
from adserver.decision.hidden import HiddenAdvertisers
from adserver.decision.learned import Learned
from adserver.decision.match_report import MatchReport, report_of
from adserver.decision.outcome import bid_of
from adserver.decision.readers import Readers
from adserver.decision.scenes import Scenes
from adserver.decision.settings import DecisionSettings
from adserver.decision.worker_pool import Overloaded, WorkerPool
from adserver.events.record import DecisionEvent, StepEvent
from adserver.events.tokens import ClickTokens
from adserver.events.traffic_watch import Watch, app_of
from adserver.intent.hearing import Hearing
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import Clock
from kernel.errors import BadRequest, Unavailable
from kernel.group_commit import GroupCommit
from kernel.ids import new_id, new_seed
from kernel.money import Micros
from kernel.telemetry import counter, histogram, logger
from language.embedder import Embedder
from tollfree_sdk.contract import (
    AdDecision,
    AdRequest,
    AdSource,
    Format,
    NoFill,
    Step,
    Turn,
    no_ad,
)

_log = logger(__name__)
_decisions = counter("decisions", "Decisions by outcome: ad, or the reason for none", "reason")
_decided_in = histogram(
    "decision_ms", "Time to a decision", buckets=(1, 2, 5, 8, 10, 15, 20, 30, 50, 100)
)
_REPORTED: Final = frozenset({Step.DELIVERED, Step.RENDERED, Step.VIEWABLE})


class AdEngine:
    """Decides for any publisher; `as_source` binds it to one."""

    def __init__(
        self,
        *,
        index: IndexKeeper,
        embedder: Embedder,
        budget: BudgetBook,
        frequency: Frequency,
        decisions: GroupCommit[DecisionEvent],
        steps: GroupCommit[StepEvent],
        tokens: ClickTokens,
        clock: Clock,
        public_url: str,
        settings: DecisionSettings,
        stops: StopBoard | None = None,
        watch: Watch | None = None,
        learned: Learned | None = None,
        readers: Readers | None = None,
        hidden: HiddenAdvertisers | None = None,
    ) -> None:
        self._scenes = Scenes(index, budget, learned)
        self._budget, self._frequency, self._readers = budget, frequency, readers
        self._decisions, self._steps = decisions, steps
        self._tokens, self.clock, self._public_url = tokens, clock, public_url
        self._settings, self._stops, self._watch = settings, stops, watch
        self._hidden = hidden
        self._hearing = Hearing(embedder)
        self._pool = WorkerPool(
            threads=settings.threads,
            queue=settings.queue,
            patience_s=settings.patience_ms / 1000,
            clock=clock,
        )
        self._afterwards: set[asyncio.Task[None]] = set()

    async def decide(self, request: AdRequest, *, publisher: Publisher) -> AdDecision:
        """Decide one turn within the deadline, and record it."""
        decision_id, started = new_id("dec"), self.clock.monotonic()
        try:
            verdict = await self._verdict(request, publisher)
        except asyncio.CancelledError:
            # The caller waits no longer. That it asked is still a fact.
            self._record(decision_id, turned_away(NoFill.TIMEOUT, seed=0), request, publisher)
            raise
        verdict = self._unless_stopped(verdict, request)
        if not self._record(decision_id, verdict, request, publisher):
            verdict = turned_away(NoFill.UNAVAILABLE, seed=verdict.seed)
        self._follow_up(decision_id, verdict, request, publisher)
        decided_in_ms = (self.clock.monotonic() - started) * 1000
        _decided_in.observe(decided_in_ms)
        _decisions.labels(verdict.outcome.reason or "ad").inc()
        if verdict.creative is None and verdict.format is Format.LINK:
            link = announced_link(decision_id, public_url=self._public_url)
            return AdDecision(decision_id, link, None, decided_in_ms)
        if verdict.creative is None:
            return no_ad(
                verdict.outcome.reason or NoFill.ERROR, decision_id=decision_id, ms=decided_in_ms
            )
        ad = announced(verdict, decision_id, tokens=self._tokens, public_url=self._public_url)
        return AdDecision(decision_id, ad, None, decided_in_ms)

    async def record(self, decision_id: str, step: Step) -> None:
        """Note a step that was reported; safe to repeat, and not awaited to be durable.

        Raises BadRequest for a step that only we may write, Unavailable when writing is behind.
        """
        if step not in _REPORTED:
            raise BadRequest(f"A {step} is not reported; we record it ourselves.", param="step")
        self._steps.put(StepEvent(decision_id, step, self.clock.now()))

    def as_source(self, publisher: Publisher) -> AdSource:
        """This engine as one publisher's source of ads."""
        return _BoundSource(self, publisher)

    def match(self, text: str, *, publisher: Publisher | None = None) -> MatchReport:
        """What would be decided for one message, with every candidate; nothing is recorded."""
        request = AdRequest((Turn("user", text),))
        asked = self._asked(request, publisher or Publisher(PUBLISHER_ZERO, "Tollfree"), new_seed())
        scene = self._scenes.apart()
        settings = replace(self._settings, explores=False, holdout_bp=0)
        verdict = decide(asked, scene, self._hearing, settings=settings, explain_all=True)
        return report_of(verdict, scene)

    async def close(self) -> None:
        """Finish what follows decisions already made."""
        await asyncio.gather(*self._afterwards, return_exceptions=True)
        self._pool.close()

    async def _verdict(self, request: AdRequest, publisher: Publisher) -> Verdict:
        seed = new_seed()
        deadline = asyncio.get_running_loop().time() + self._settings.deadline_ms / 1000
        try:
            seen = await self._seen(request, publisher)
            asked = self._asked(request, publisher, seed, seen)
            scene = self._scenes.now()
            work = partial(decide, asked, scene, self._hearing, settings=self._settings)
            # A turn that was read before costs less to decide than to hand to a thread.
            if asked.heard is not None and len(scene.index) <= self._settings.at_once_up_to:
                return work()
            async with asyncio.timeout_at(deadline):
                return await self._pool.run(work)
        except TimeoutError:
            return turned_away(NoFill.TIMEOUT, seed=seed)
        except Overloaded:
            return turned_away(NoFill.OVERLOADED, seed=seed)
        except Exception as problem:  # noqa: BLE001  The edge that turns any failure into no ad.
            _log.error("decision_failed", publisher_id=publisher.publisher_id, exc_info=problem)
            return turned_away(NoFill.ERROR, seed=seed)

    async def _seen(self, request: AdRequest, publisher: Publisher) -> Seen:
        seen = await self._frequency.before(*_turn_of(request, publisher))
        if self._hidden is not None:
            hidden = await self._hidden.of(request, publisher.publisher_id)
            seen = replace(seen, hidden=hidden) if hidden else seen
        if self._readers is None or not self._scenes.now().inventory.terms.has_caps:
            return seen
        lately = await self._readers.lately(request, publisher.publisher_id)
        return replace(seen, lately=lately)

    def _asked(
        self, request: AdRequest, publisher: Publisher, seed: int, seen: Seen = NOTHING_SEEN
    ) -> Asked:
        heard = self._hearing.known(request.conversation)
        return Asked(request, publisher, self.clock.now(), seed, seen, heard)

    def _unless_stopped(self, verdict: Verdict, request: AdRequest) -> Verdict:
        """The verdict, unless its winner was stopped since the index was made."""
        winner = verdict.outcome.winner
        if winner is None or self._stops is None:
            return verdict
        reason = self._stops.now().reason(
            advertiser_id=winner.advertiser_id,
            creative_id=winner.creative_id,
            app_id=request.app,
        )
        return verdict if reason is None else turned_away(NoFill.UNAVAILABLE, seed=verdict.seed)

    def _record(
        self, decision_id: str, verdict: Verdict, request: AdRequest, publisher: Publisher
    ) -> bool:
        event = event_of(
            verdict, decision_id, request=request, publisher=publisher, at=self.clock.now()
        )
        try:
            self._decisions.put(event)
        except Unavailable:
            return False
        return True

    def _follow_up(
        self, decision_id: str, verdict: Verdict, request: AdRequest, publisher: Publisher
    ) -> None:
        winner, price = verdict.outcome.winner, verdict.outcome.price
        if winner is None or price is None or request.test:
            return
        cost = Micros.from_score(price.amount * bid_of(winner).rate, cap=price)
        self._budget.expect(
            campaign_id=winner.campaign_id, advertiser_id=winner.advertiser_id, cost=cost
        )
        noting = self._note(decision_id, request, publisher, winner.campaign_id)
        task = asyncio.get_running_loop().create_task(noting)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)

    async def _note(
        self, decision_id: str, request: AdRequest, publisher: Publisher, campaign_id: str
    ) -> None:
        """Remember what was shown to whom; each of these fails by itself and is counted there."""
        publisher_id = publisher.publisher_id
        await self._frequency.remember(*_turn_of(request, publisher), campaign_id)
        if self._hidden is not None:
            await self._hidden.note(decision_id, request, publisher_id)
        if self._readers is not None and self._scenes.now().inventory.terms.has_caps:
            await self._readers.note(request, publisher_id, campaign_id)
        if self._watch is not None:
            asked = next(
                (turn.text for turn in request.conversation[::-1] if turn.role == "user"), ""
            )
            await self._watch.asked(decision_id, app_of(publisher_id, request.app), asked)


class _BoundSource:
    """An `AdSource` for one publisher."""

    def __init__(self, engine: AdEngine, publisher: Publisher) -> None:
        self._engine, self._publisher = engine, publisher

    async def decide(self, request: AdRequest) -> AdDecision:
        return await self._engine.decide(request, publisher=self._publisher)

    async def record(self, decision_id: str, step: Step) -> None:
        await self._engine.record(decision_id, step)


def _turn_of(request: AdRequest, publisher: Publisher) -> tuple[str | None, int]:
    """Where the conversation is remembered, and which of its turns this is."""
    turn = sum(1 for said in request.conversation if said.role == "user")
    return conversation_key(publisher.publisher_id, request.app, request.session), turn
