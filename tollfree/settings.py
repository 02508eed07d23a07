"""What an operator may set, read once from the environment.

Every setting is `TOLLFREE_*`, plus DATABASE_URL and REDIS_URL, and each is described in
docs/settings.md. Secrets print as stars. `serve` needs a public URL and signing keys, because
links and tokens must outlive the process; `demo` makes its own and keeps them in the data folder.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from adserver.catalog.categories import CATEGORIES
from adserver.decision.settings import DecisionSettings
from api.access.limits import PUBLIC, QuotaPlan, limits_from
from kernel.errors import SettingsInvalid
from kernel.money import ZERO, Micros
from kernel.settings import EnvSettings, read_settings
from kernel.signing import SigningKeys

MODEL_NAME = "all-MiniLM-L6-v2"


class StoreSettings(EnvSettings):
    """Where things are kept. Enough for `migrate`, `keys`, `match`, `chat` and `doctor`."""

    model_config = SettingsConfigDict(**EnvSettings.model_config | {"env_prefix": "TOLLFREE_"})

    data: Path = Path(".tollfree")
    models: Path = Path(sys.prefix) / "share" / "tollfree" / "models"
    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")
    redis_url: SecretStr | None = Field(None, validation_alias="REDIS_URL")
    api_key: SecretStr | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def database(self) -> str:
        """The URL of the database: the one set, else a file in the data folder."""
        if self.database_url is not None and self.database_url.get_secret_value():
            return _openable(self.database_url.get_secret_value())
        return sqlite_in(self.data)

    def shared_state(self) -> str | None:
        """The URL of Redis or Valkey, None for shared state in this process."""
        return self.redis_url.get_secret_value() or None if self.redis_url else None

    @property
    def model_folder(self) -> Path:
        return self.models / MODEL_NAME


class ServeSettings(StoreSettings):
    """What a running server needs."""

    host: str = "127.0.0.1"
    port: int = Field(8787, ge=0, le=65_535)
    public_url: str | None = None
    signing_keys: SecretStr | None = None
    auto_approve_after_lint: bool = False
    affiliates: Path | None = None
    data_centres: Path | None = None
    upstreams: Path | None = None
    upstream_url: str | None = None
    upstream_key: SecretStr | None = None
    upstream_model: str | None = None
    quota_key: str = ""
    quota_app: str = ""
    quota_address: str = ""
    quota_everyone: str = ""
    max_output_tokens: int = Field(PUBLIC.max_output_tokens, ge=1)
    max_choices: int = Field(PUBLIC.max_choices, ge=1)
    max_context_tokens: int = Field(PUBLIC.max_context_tokens, ge=256)
    max_tool_rounds: int = Field(PUBLIC.max_tool_rounds, ge=1)
    spend_per_day: str = "50"
    answer_cost: str = "0.02"
    decision_deadline_ms: int = Field(30, ge=5, le=1_000)
    holdout_percent: float = Field(1.0, ge=0, le=50)
    explore: bool = True
    category_reserves: str = ""
    work_inside: bool = False
    smtp_url: SecretStr | None = None
    mail_from: str = "Tollfree <no-reply@localhost>"
    otlp_endpoint: str | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otlp_headers: SecretStr | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_HEADERS")
    stripe_secret_key: SecretStr | None = Field(None, validation_alias="STRIPE_SECRET_KEY")
    stripe_webhook_secrets: SecretStr | None = Field(
        None, validation_alias="STRIPE_WEBHOOK_SECRETS"
    )
    stripe_tax: bool = Field(False, validation_alias="STRIPE_TAX")
    new_advertiser_top_ups: str = "1000"
    new_advertiser_spend: str = "500"

    def caution(self) -> tuple[Micros, Micros]:
        """What a new advertiser may pay in, and spend, in a day. Raises SettingsInvalid."""
        return (
            _dollars(self.new_advertiser_top_ups, "TOLLFREE_NEW_ADVERTISER_TOP_UPS"),
            _dollars(self.new_advertiser_spend, "TOLLFREE_NEW_ADVERTISER_SPEND"),
        )

    def spend(self) -> tuple[Micros, Micros]:
        """What a day and an answer may cost. Raises SettingsInvalid."""
        return (
            _dollars(self.spend_per_day, "TOLLFREE_SPEND_PER_DAY"),
            _dollars(self.answer_cost, "TOLLFREE_ANSWER_COST"),
        )

    def quotas(self) -> QuotaPlan:
        """The limits of a public server. Raises SettingsInvalid."""
        return QuotaPlan(
            key=limits_from(self.quota_key, PUBLIC.key, setting="TOLLFREE_QUOTA_KEY"),
            app=limits_from(self.quota_app, PUBLIC.app, setting="TOLLFREE_QUOTA_APP"),
            address=limits_from(
                self.quota_address, PUBLIC.address, setting="TOLLFREE_QUOTA_ADDRESS"
            ),
            max_output_tokens=self.max_output_tokens,
            max_choices=self.max_choices,
            max_context_tokens=self.max_context_tokens,
            max_tool_rounds=self.max_tool_rounds,
            everyone=limits_from(
                self.quota_everyone, PUBLIC.everyone, setting="TOLLFREE_QUOTA_EVERYONE"
            ),
        )

    def decisions(self) -> DecisionSettings:
        """How a public server decides. Raises SettingsInvalid."""
        return DecisionSettings(
            deadline_ms=self.decision_deadline_ms,
            holdout_bp=round(self.holdout_percent * 100),
            explores=self.explore,
            category_reserves=reserves_from(self.category_reserves),
        )

    @field_validator("public_url", "upstream_url", "otlp_endpoint")
    @classmethod
    def _is_a_web_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("must be an address such as https://ads.example.com")
        return value.rstrip("/")

    def stripe(self) -> tuple[str, tuple[str, ...]] | None:
        """Stripe's secret key and the secrets of its webhook, newest first; None without a key."""
        key = self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else ""
        if not key:
            return None
        given = self.stripe_webhook_secrets
        secrets = given.get_secret_value().split(",") if given else []
        found = tuple(secret.strip() for secret in secrets if secret.strip())
        if not found:
            raise SettingsInvalid(
                "STRIPE_WEBHOOK_SECRETS is missing. Set it to the signing secret of the endpoint "
                "/hooks/stripe, or to several, separated by commas, while one is replaced.",
                param="STRIPE_WEBHOOK_SECRETS",
            )
        return key, found

    def required(self) -> Self:
        """These settings, complete. Raises SettingsInvalid that names what `serve` lacks."""
        if not self.public_url:
            raise SettingsInvalid(
                "TOLLFREE_PUBLIC_URL is missing. Set it to the address that people reach this "
                "server by, such as https://api.example.com: click links are made from it.",
                param="TOLLFREE_PUBLIC_URL",
            )
        if self.signing_keys is None or not self.signing_keys.get_secret_value():
            raise SettingsInvalid(
                "TOLLFREE_SIGNING_KEYS is missing. Set it to an id and 64 hex digits, such as "
                "1:$(openssl rand -hex 32); click tokens are signed with it.",
                param="TOLLFREE_SIGNING_KEYS",
            )
        signing_keys_from(self.signing_keys.get_secret_value())
        return self


def _openable(url: str) -> str:
    """`url`, unless it names a SQLite file where none can be made. Raises SettingsInvalid."""
    scheme, _, path = url.partition(":///")
    folder = Path(path.partition("?")[0]).parent
    if scheme.startswith("sqlite") and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise SettingsInvalid(
            "DATABASE_URL names a SQLite file in a folder that does not exist or cannot be "
            "written. Make the folder, or name another file.",
            param="DATABASE_URL",
        )
    return url


def reserves_from(text: str) -> dict[str, Micros]:
    """Read ``insurance=0.05,financial-services=0.08``. Raises SettingsInvalid."""
    found: dict[str, Micros] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        category, _, price = part.partition("=")
        try:
            found[category.strip()] = Micros.from_units(price.strip())
        except ValueError:
            found[category.strip()] = Micros(-1)
        if category.strip() not in CATEGORIES or found[category.strip()] < ZERO:
            raise SettingsInvalid(
                "TOLLFREE_CATEGORY_RESERVES must be prices of a click by category, such as "
                f"insurance=0.05,cloud-hosting=0.03; {part!r} is not.",
                param="TOLLFREE_CATEGORY_RESERVES",
            )
    return found


def _dollars(text: str, setting: str) -> Micros:
    try:
        amount = Micros.from_units(text)
    except ValueError as error:
        raise SettingsInvalid(f"{setting} is not an amount: {error}", param=setting) from None
    if amount.amount < 0:
        raise SettingsInvalid(f"{setting} must not be below 0.", param=setting)
    return amount


def signing_keys_from(text: str) -> SigningKeys:
    """Read ``1:<hex>,2:<hex>``; the last one signs, the others still verify."""
    try:
        pairs = [part.strip().partition(":") for part in text.split(",") if part.strip()]
        ring: Mapping[int, bytes] = {int(name): bytes.fromhex(key) for name, _, key in pairs}
        return SigningKeys(ring, current=int(pairs[-1][0]))
    except (ValueError, IndexError):
        raise SettingsInvalid(
            "TOLLFREE_SIGNING_KEYS must be id:hex pairs such as 1:<64 hex digits>, separated by "
            "commas, with ids from 0 to 255.",
            param="TOLLFREE_SIGNING_KEYS",
        ) from None


def sqlite_in(folder: Path) -> str:
    """The URL of the SQLite file in a data folder."""
    return f"sqlite:///{folder.resolve() / 'tollfree.db'}"


def store_settings(data: str | None = None) -> StoreSettings:
    """The store's settings; `data` from the command line wins over TOLLFREE_DATA."""
    found = read_settings(StoreSettings)
    return found if data is None else found.model_copy(update={"data": Path(data)})


def serve_settings(data: str | None = None) -> ServeSettings:
    """The server's settings, with the data folder from the command line if one was given."""
    found = read_settings(ServeSettings)
    return found if data is None else found.model_copy(update={"data": Path(data)})
