"""What the console needs from outside: made once by an entry point, handed to every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from engine.releases import Signer
from payments_core.privacy import Sealer
from payments_core.rulebooks import ActiveRulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """How this console is reached.

    `allowed_origins` are further origins (`https://console.example`) whose pages may open a socket; the
    console's own host is always allowed. `secure_cookie` must be true behind HTTPS.
    """

    allowed_origins: tuple[str, ...] = ()
    secure_cookie: bool = False
    demo_logins: tuple[tuple[str, str, str], ...] = field(
        default=(), metadata={"of": "login, password, role"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The database, the rulebook and the clocks.

    `now` is the business's clock (the demo world may shift it); `machine_now` is the machine's, by which
    sessions live. `sign` signs merge commits.
    """

    engine: Engine
    rulebooks: ActiveRulebook
    repository: Path
    now: Callable[[], datetime]
    machine_now: Callable[[], datetime]
    sealer: Sealer
    settings: ConsoleSettings = field(default_factory=ConsoleSettings)
    sign: Signer | None = None

    @property
    def photos(self) -> Path:
        """The folder of applications' photos: beside the rulebook, never in it, never served as files."""
        return self.repository.parent / "photos"
