"""The only reader of the environment.

A package that needs settings declares a frozen `EnvSettings`; the composition root reads them
once and hands the values on. Secrets are `SecretStr`, which print as stars.
"""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.errors import SettingsInvalid


class EnvSettings(BaseSettings):
    """Frozen settings from environment variables and, in development, a `.env` file."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_file=".env",
        env_file_encoding="utf-8",
        populate_by_name=True,
    )


Settings = TypeVar("Settings", bound=EnvSettings)


def read_settings(kind: type[Settings]) -> Settings:
    """Read `kind` from the environment. Raises SettingsInvalid that names each bad variable."""
    try:
        return kind()
    except ValidationError as error:
        problems = "; ".join(
            f"{_variable(kind, problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsInvalid(f"Some settings are missing or wrong. {problems}.") from None


def _variable(kind: type[EnvSettings], place: tuple[int | str, ...]) -> str:
    """The environment's name for the field at `place`: ``TOLLFREE_PORT``."""
    name = ".".join(str(part) for part in place)
    if name not in kind.model_fields:
        return name
    return f"{kind.model_config.get('env_prefix', '')}{name}".upper()
