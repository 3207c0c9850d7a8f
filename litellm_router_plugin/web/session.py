"""Who calls the API, and what answers them. The host puts both on the request, after it has checked the key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, HTTPException, Request

from litellm_router_plugin.ledger.feedback import FeedbackDesk
from litellm_router_plugin.ledger.quality_monitor import MonitorKey
from litellm_router_plugin.web.ladder import RouterLadder
from litellm_router_plugin.web.reading import DecisionReader, Yardstick

_STATE = "tier_router_session"
NO_KEY = (
    "this caller has no key of its own, and decisions are kept by key. Send a virtual key, or the master key to see all"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        key: The hash under which LiteLLM knows the key; empty where the caller came without one.
        team: The key's team; empty where it has none.
        sees_all: An admin, who may read what every key did.
        rates_all: An admin who may also write.
    """

    key: str
    team: str = ""
    sees_all: bool = False
    rates_all: bool = False

    def may_see(self, owner_key: object) -> bool:
        """Whether the caller may see what a key did."""
        return self.sees_all or (bool(self.key) and owner_key == self.key)


class ResetConversation(Protocol):
    """Forgets the tier of a key's conversation."""

    def __call__(self, conversation: str, *, key: str, end_user: str) -> Awaitable[None]:
        """Forget it."""
        ...


class Monitoring(Protocol):
    """Monitors, proposals and steps of the running router. Methods may block, and raise `TierRouterError`."""

    def report(self, router: str | None = None) -> dict[str, object]:
        """Everything of one tier router, or of all."""
        ...

    def apply(self, router: str, change_id: str, by: str) -> dict[str, object]:
        """Apply a proposal; returns the step."""
        ...

    def revert(self, router: str, step_id: str, by: str) -> dict[str, object]:
        """Take a step back; returns it."""
        ...

    def reset(self, key: MonitorKey) -> bool:
        """Start a monitor afresh; whether there was one."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the API is made of.

    Attributes:
        reader: Reads decisions.
        feedback: Takes ratings.
        ladders: The tier routers there are, with their tiers.
        yardstick: What the figures of a tier router, or of all, are laid out by.
        beside: Figures that only the running process has, of a router or of all; for admins.
        monitoring: Monitors, proposals and steps; for admins.
        reset: Forgets the tier of a conversation.
    """

    reader: DecisionReader
    feedback: FeedbackDesk
    ladders: Callable[[], Sequence[RouterLadder]]
    yardstick: Callable[[str | None], Yardstick]
    beside: Callable[[str | None], Mapping[str, object]]
    reset: ResetConversation
    monitoring: Monitoring


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the API."""

    caller: Caller
    services: Services

    def ladders(self) -> list[RouterLadder]:
        """The tier routers that the caller may know of."""
        caller = self.caller
        return [one for one in self.services.ladders() if caller.sees_all or one.is_visible_to(caller.team)]


def enter(request: Request, session: Session) -> None:
    """Let a request in. Only the host calls this, once the key is known to be good.

    Raises:
        HTTPException: 403 for a caller without a key: nobody could tell which decisions are theirs.
    """
    if not (session.caller.key or session.caller.sees_all):
        raise HTTPException(403, NO_KEY)
    setattr(request.state, _STATE, session)


def session_of(request: Request) -> Session:
    """The session that the host put on a request."""
    found = getattr(request.state, _STATE, None)
    if not isinstance(found, Session):
        raise HTTPException(401, "nobody has checked this request's key")
    return found


Signed = Annotated[Session, Depends(session_of)]
"""A handler's parameter: the session of its request."""
