"""One turn, decided: the flow, one named step after the other.

Synchronous and free of I/O: it reads snapshots, computes for a few milliseconds on a thread, and
returns a verdict that carries everything its event has to record. Every way out has either a winner
with a price or a reason.
"""

from dataclasses import dataclass, replace

from adserver.catalog.queries import LiveCreative
from adserver.decision.drawing import with_draws
from adserver.decision.gates import Asked, Closed, Reading, read
from adserver.decision.holdout import held_out, is_held_out
from adserver.decision.judging import Scene, Terms
from adserver.decision.nearby import Near
from adserver.decision.outcome import Outcome, settle
from adserver.decision.separation import Earlier, earlier_ads
from adserver.decision.settings import DecisionSettings
from adserver.decision.shortlist import contenders, explained
from adserver.decision.vocabulary import Candidate
from adserver.intent.hearing import Hearing
from kernel.money import ZERO, Micros
from tollfree_sdk.contract import Format, NoFill


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one turn with all that it rests on; nothing here is text or a vector.

    Without a winner the format may be `link`: nobody pays for this turn, but links that the model
    writes itself may earn. `would_be` is what a turn of the hold-out would have got.
    """

    outcome: Outcome
    seed: int
    reserve: Micros = ZERO
    relevance_floor: float = 0.0
    commercial: float | None = None
    commercial_floor: float = 0.0
    language: str | None = None
    topic: str | None = None
    candidates: tuple[Candidate, ...] = ()
    creative: LiveCreative | None = None
    format: Format | None = None
    model_id: str = ""
    index_generation: int = 0
    would_be: Outcome | None = None
    cluster: str | None = None


def turned_away(reason: NoFill, *, seed: int) -> Verdict:
    """A verdict that was reached before anything was looked at."""
    return Verdict(Outcome(reason=reason), seed)


def decide(
    asked: Asked,
    scene: Scene,
    hearing: Hearing,
    *,
    settings: DecisionSettings,
    explain_all: bool = False,
) -> Verdict:
    """Decide one turn; `explain_all` also judges what never was eligible."""
    settings = settings.narrowed(asked.request)
    reading = read(asked, hearing, languages=scene.inventory.languages, settings=settings)
    if isinstance(reading, Closed):
        return _closed(asked, scene, settings, reading)
    if reading.opportunity.by_keyword and not scene.inventory.named(reading.opportunity).count():
        return _closed(asked, scene, settings, _unspoken(reading))
    terms = _terms(asked, scene, settings, reading)
    candidates, near = contenders(scene, terms, reading.vectors)
    candidates = with_draws(candidates, seed=asked.seed, explores=settings.explores)
    outcome = _settle(candidates, terms, asked.seed)
    if outcome.winner is None or explain_all:
        candidates += explained(scene, terms, reading.vectors, candidates, topic=near.topic)
        outcome = _settle(candidates, terms, asked.seed)
    verdict = _verdict(
        asked, scene, settings, reading, outcome=outcome, candidates=tuple(candidates), near=near
    )
    if outcome.winner is None:
        return replace(verdict, format=Format.LINK) if asked.may_link else verdict
    if is_held_out(asked, settings):
        return replace(verdict, outcome=held_out(), would_be=outcome)
    return _with_winner(verdict, outcome.winner, scene, asked)


def _terms(asked: Asked, scene: Scene, settings: DecisionSettings, reading: Reading) -> Terms:
    earlier: tuple[Earlier, ...] = ()
    if asked.seen.by_turn:
        turn = sum(1 for said in asked.request.conversation if said.role == "user")
        earlier = earlier_ads(
            asked.seen, scene.inventory, turn=turn, turns_apart=settings.rivals_apart
        )
    reserve = reserve_of(asked, settings)
    return Terms(reading.opportunity, asked.seen, reserve, settings, earlier)


def reserve_of(asked: Asked, settings: DecisionSettings) -> Micros:
    """The least that a click must cost: ours, the publisher's or the request's, the highest."""
    if asked.request.test:
        return ZERO
    return max(settings.reserve, asked.publisher.floor, Micros(asked.request.floor_micros))


def _unspoken(reading: Reading) -> Closed:
    """Nobody asked for a word of this turn in its language."""
    return Closed(NoFill.UNSUPPORTED_LANGUAGE, language=reading.language)


def _settle(candidates: list[Candidate], terms: Terms, seed: int) -> Outcome:
    floor = terms.settings.relevance_floor
    return settle(candidates, seed=seed, relevance_floor=floor)


def _closed(asked: Asked, scene: Scene, settings: DecisionSettings, closed: Closed) -> Verdict:
    verdict = _verdict(asked, scene, settings, closed, outcome=Outcome(reason=closed.reason))
    # The score is known for turns that the safety screen has passed, and for those alone.
    is_link = asked.may_link and closed.commercial is not None
    return replace(verdict, format=Format.LINK) if is_link else verdict


def _verdict(
    asked: Asked,
    scene: Scene,
    settings: DecisionSettings,
    reading: Reading | Closed,
    *,
    outcome: Outcome,
    candidates: tuple[Candidate, ...] = (),
    near: Near | None = None,
) -> Verdict:
    return Verdict(
        outcome,
        asked.seed,
        reserve=reserve_of(asked, settings),
        relevance_floor=settings.relevance_floor,
        commercial=reading.commercial,
        commercial_floor=settings.commercial_floor,
        language=reading.language,
        topic=None if near is None else near.topic,
        cluster=None if near is None else near.cluster,
        candidates=candidates,
        model_id=scene.index.model_id,
        index_generation=scene.index.generation,
    )


def _with_winner(verdict: Verdict, winner: Candidate, scene: Scene, asked: Asked) -> Verdict:
    position = scene.inventory.position_of(winner.number)
    taken = scene.inventory.offer(position).formats - {Format.LINK}
    form = next((one for one in asked.formats if one in taken), Format.UNIT)
    return replace(verdict, creative=scene.index.creatives[position], format=form)
