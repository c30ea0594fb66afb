"""Where this installation keeps what it owns, and how it is reached; all of it from the environment.

    HAODIAN_HOME            data directory; `.haodian` in the checkout, else `~/.haodian`
    HAODIAN_DATABASE_URL    another PostgreSQL instead of the embedded one
    HAODIAN_RULEBOOK        the rulebook repository; `rulebook.git` in the home
    HAODIAN_RULEBOOK_REMOTE a bare repository (folder or ssh address) that main and the releases are sent to
    HAODIAN_SIGNING_KEY     an OpenSSH key that signs merge commits and the tags of releases
    HAODIAN_HOST            address to listen on; 127.0.0.1
    HAODIAN_CONSOLE_PORT    8080 · HAODIAN_GATEWAY_PORT 8090 · HAODIAN_WORKER_PORT 8091
    HAODIAN_CORRELATOR_PORT 8092
    HAODIAN_ORIGINS         further origins of the console behind a proxy, separated by commas
    HAODIAN_SECURE_COOKIE   `on` behind HTTPS
    HAODIAN_DEMO            `on` (default) loads and runs the demo world, `off` starts empty
    HAODIAN_DEMO_SCALE      0.02 of the full demo world
    HAODIAN_DEMO_DAYS       days of history to load on first start

Secrets are never read from here: they are made on first start, in files only their owner can read.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from payments_core import privacy

CHECKOUT = Path(__file__).resolve().parent.parent


class SettingInvalid(Exception):
    """A variable of the environment has a value that cannot be used; the message names both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one installation; ports are where to start looking, see `supervisor`."""

    home: Path
    database_url: str | None
    rulebook: Path
    rulebook_remote: str | None
    signing_key: Path | None
    host: str
    console_port: int
    gateway_port: int
    worker_port: int
    correlator_port: int
    origins: tuple[str, ...]
    secure_cookie: bool
    demo: bool
    demo_scale: str
    demo_days: int

    @property
    def cluster(self) -> Path:
        """The data directory of the embedded PostgreSQL."""
        return self.home / "postgres"

    @property
    def logs(self) -> Path:
        """The folder of the structured logs, one file a process."""
        return self.home / "logs"

    @property
    def secrets(self) -> Path:
        """The folder of secrets, mode 0700."""
        return self.home / "secrets"

    @property
    def run(self) -> Path:
        """The folder of what only a running product has: locks and process ids."""
        return self.home / "run"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of `environment` (this process's own by default). Raises SettingInvalid."""
    given = os.environ if environment is None else environment
    home = Path(given.get("HAODIAN_HOME") or _default_home()).expanduser().resolve()
    rulebook = Path(given.get("HAODIAN_RULEBOOK") or home / "rulebook.git").expanduser().resolve()
    return Settings(
        home=home,
        database_url=given.get("HAODIAN_DATABASE_URL") or None,
        rulebook=rulebook,
        rulebook_remote=given.get("HAODIAN_RULEBOOK_REMOTE") or None,
        signing_key=Path(key).expanduser() if (key := given.get("HAODIAN_SIGNING_KEY")) else None,
        host=given.get("HAODIAN_HOST") or "127.0.0.1",
        console_port=_whole(given, "HAODIAN_CONSOLE_PORT", default=8080, most=65535),
        gateway_port=_whole(given, "HAODIAN_GATEWAY_PORT", default=8090, most=65535),
        worker_port=_whole(given, "HAODIAN_WORKER_PORT", default=8091, most=65535),
        correlator_port=_whole(given, "HAODIAN_CORRELATOR_PORT", default=8092, most=65535),
        origins=tuple(o.strip() for o in given.get("HAODIAN_ORIGINS", "").split(",") if o.strip()),
        secure_cookie=_switch(given, "HAODIAN_SECURE_COOKIE", default=False),
        demo=_switch(given, "HAODIAN_DEMO", default=True),
        demo_scale=_scale(given),
        demo_days=_whole(given, "HAODIAN_DEMO_DAYS", default=14, most=150),
    )


def prepare_home(settings: Settings) -> None:
    """Make the folders of the home and its secrets; change nothing that exists."""
    settings.home.mkdir(parents=True, exist_ok=True)
    for folder in (settings.logs, settings.run):
        folder.mkdir(exist_ok=True)
    settings.secrets.mkdir(mode=0o700, exist_ok=True)
    privacy.create_key_file(settings.secrets / "keys")


def read_sealer(settings: Settings) -> privacy.Sealer:
    """Return the sealer of this installation's keys."""
    return privacy.read_sealer(settings.secrets / "keys")


def find_secret(settings: Settings, *, name: str) -> str | None:
    """Return the secret called `name`, None where it was not made yet."""
    path = settings.secrets / name
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def write_secret(settings: Settings, *, name: str, value: str) -> None:
    """Write the secret called `name` with mode 0600, whole or not at all."""
    path = settings.secrets / name
    unfinished = path.with_name(f"{name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(value + "\n")
    unfinished.replace(path)


def _default_home() -> Path:
    in_checkout = (CHECKOUT / "Makefile").exists() and os.access(CHECKOUT, os.W_OK)
    return (CHECKOUT if in_checkout else Path.home()) / ".haodian"


def _whole(given: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = given.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise SettingInvalid(
            f"{name}={text}: 应为 0 到 {most} 的整数 / must be a whole number from 0 to {most}"
        )
    return int(text)


def _switch(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = (given.get(name) or ("on" if default else "off")).lower()
    if text not in {"on", "off"}:
        raise SettingInvalid(f"{name}={text}: 应为 on 或 off / must be on or off")
    return text == "on"


def _scale(given: Mapping[str, str]) -> str:
    text = given.get("HAODIAN_DEMO_SCALE") or "0.02"
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) <= 10 ** len(fraction):
        raise SettingInvalid(f"HAODIAN_DEMO_SCALE={text}: 应在 0 与 1 之间 / must lie in (0, 1]")
    return text
