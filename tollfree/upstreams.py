"""Which upstream answers: the one that is set, one found in the environment, else the demo model.

A provider found by its key, or a local Ollama, is asked for its models before it is used, within
seconds; one that does not answer is named in the banner and left alone. No key is ever printed.
The model id `demo` always works, whoever answers.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import Field, SecretStr

from api.upstream.demo import DemoUpstream
from api.upstream.relay import RelaySettings, RelayTimeouts, RelayUpstream
from api.upstream.routing import ModelAlias, Routing
from kernel.clock import Clock
from kernel.errors import SettingsInvalid, UpstreamFailed
from kernel.settings import EnvSettings, read_settings
from tollfree.settings import ServeSettings
from tollfree.upstream_file import UpstreamFile

_PROBE: Final = RelayTimeouts(connect=1.5, silence=3.0, total=4.0)
_DEMO: Final = "demo"


class ProviderKeys(EnvSettings):
    """The variables by which providers' own tools know their keys."""

    openai: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(None, validation_alias="OPENAI_BASE_URL")
    openrouter: SecretStr | None = Field(None, validation_alias="OPENROUTER_API_KEY")
    groq: SecretStr | None = Field(None, validation_alias="GROQ_API_KEY")
    mistral: SecretStr | None = Field(None, validation_alias="MISTRAL_API_KEY")
    deepseek: SecretStr | None = Field(None, validation_alias="DEEPSEEK_API_KEY")
    gemini: SecretStr | None = Field(None, validation_alias="GEMINI_API_KEY")
    ollama: str | None = Field(None, validation_alias="OLLAMA_HOST")


# Name, address, and the models to prefer where the provider lists one of them.
_ADDRESSES: Final = {
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
}
_PREFERRED: Final = ("mini", "small", "flash", "haiku", "instant", "chat", "llama", "qwen", "gemma")
_NOT_CHAT: Final = ("embed", "tts", "whisper", "audio", "image", "moderation", "realtime", "guard")


@dataclass(frozen=True)
class FoundUpstream:
    """The routing, and for people: `kind` (demo or relay), who answers, and what was passed over."""

    routing: Routing
    kind: str
    says: str
    passed_over: tuple[str, ...] = ()
    follow: Callable[[], Coroutine[Any, Any, None]] | None = None


def demo_only(clock: Clock) -> FoundUpstream:
    """The built-in demo model and nothing else."""
    alias = ModelAlias(_DEMO, DemoUpstream(clock), _DEMO)
    says = "demo model (a small built-in program, not a language model)"
    return FoundUpstream(Routing([alias]), "demo", says)


def configured(settings: ServeSettings) -> FoundUpstream | None:
    """The upstreams that the operator set, if any."""
    if settings.upstreams is not None:
        return _from_file(settings.upstreams)
    if settings.upstream_url is None:
        return None
    if not settings.upstream_model:
        raise SettingsInvalid(
            "TOLLFREE_UPSTREAM_MODEL is missing. Name the model that TOLLFREE_UPSTREAM_URL serves.",
            param="TOLLFREE_UPSTREAM_MODEL",
        )
    key = settings.upstream_key.get_secret_value() if settings.upstream_key else None
    relay = RelayUpstream(RelaySettings("relay", settings.upstream_url, key))
    return _relayed(relay, settings.upstream_model, settings.upstream_model)


def _from_file(path: Path) -> FoundUpstream:
    keys = read_settings(ProviderKeys)

    def key_of(source: str) -> str | None:
        known = getattr(keys, source, None)
        if isinstance(known, SecretStr):
            return known.get_secret_value()
        file = Path(source)
        return file.read_text("utf-8").strip() if file.is_file() else None

    file = UpstreamFile(path, key_of)
    models = len(file.routing.models())
    return FoundUpstream(file.routing, "relay", f"{models} models of {path.name}", (), file.follow)


async def found_in(keys: ProviderKeys, clock: Clock) -> FoundUpstream:
    """The first provider in the environment that answers, else the demo model."""
    passed_over: list[str] = []
    for settings, certain in _candidates(keys):
        model = await _chat_model(settings)
        if model is not None:
            return _relayed(RelayUpstream(settings), model, f"{settings.name}, model {model}")
        if certain:
            passed_over.append(f"{settings.name} (found, but it does not answer)")
    return replace(demo_only(clock), passed_over=tuple(passed_over))


def _candidates(keys: ProviderKeys) -> Iterator[tuple[RelaySettings, bool]]:
    for name, address in _ADDRESSES.items():
        key: SecretStr | None = getattr(keys, name)
        if key is not None and key.get_secret_value():
            url = keys.openai_base_url or address if name == "openai" else address
            yield RelaySettings(name, url, key.get_secret_value()), True
    host = keys.ollama or "127.0.0.1:11434"
    url = host if "://" in host else f"http://{host}"
    yield RelaySettings("ollama", f"{url.rstrip('/')}/v1"), keys.ollama is not None


async def _chat_model(settings: RelaySettings) -> str | None:
    probe = RelayUpstream(replace(settings, timeouts=_PROBE))
    try:
        async with asyncio.timeout(_PROBE.total):
            listed = await probe.models()
    except (UpstreamFailed, TimeoutError):
        return None
    finally:
        await probe.close()
    chat = [name for name in listed if not any(word in name.lower() for word in _NOT_CHAT)]
    preferred = (name for word in _PREFERRED for name in chat if word in name.lower())
    return next(preferred, chat[0] if chat else None)


def _relayed(relay: RelayUpstream, model: str, says: str) -> FoundUpstream:
    names = dict.fromkeys((_DEMO, model))
    aliases = [ModelAlias(name, relay, model, owned_by=relay.name) for name in names]
    return FoundUpstream(Routing(aliases), "relay", says)
