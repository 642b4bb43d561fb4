"""The rules of a desk as its admins change them in Slack: each change is a revision that counts at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from core.deskfile import DeskFile, Routing, Rule
from core.errors import NotAllowed
from core.lead import utcnow
from core.parts import Parts
from core.rights import Role
from core.routing.revisions import MEANWHILE, Revision, counts, digest, is_over

log = structlog.get_logger()

ONLY_ADMINS: Final = "Only admins of the desk can see and change its rules."


class Step(StrEnum):
    """What can be done to a rule where it stands."""

    UP = "up"
    DOWN = "down"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """The rules that count at a desk.

    Attributes:
        file: the desk's.
        routing: what counts.
        revision: of the last change in Slack; 0: there never was one. A change has to name it.
        set_by: Slack user id of who set what counts; None: the file.
    """

    file: DeskFile
    routing: Routing
    revision: int
    set_by: str | None


async def rulebook(parts: Parts, channel: str, *, user: str) -> Rulebook:
    """The desk's rules; NotAllowed unless the user is an admin of it."""
    if await parts.members.role(user, channel) != Role.ADMIN:
        raise NotAllowed(ONLY_ADMINS)
    file = parts.desks.of(channel)
    newest = await parts.store.routings.newest(channel)
    counting = newest is not None and not is_over(file.routing, newest)
    return Rulebook(
        file=file,
        routing=counts(file.routing, newest),
        revision=newest.revision if newest else 0,
        set_by=newest.by if newest and counting else None,
    )


async def change_rules(
    parts: Parts, channel: str, *, user: str, seen: int, change: Callable[[Routing], Routing]
) -> Rulebook:
    """Change the rules as somebody saw them; NotAllowed unless they may, and nobody did meanwhile.

    seen: the revision that was looked at.
    """
    now = await rulebook(parts, channel, user=user)
    if now.revision != seen:
        raise NotAllowed(MEANWHILE)
    routing = change(now.routing)
    if strangers := {person for rule in routing.rules for person in rule.to} - set(now.file.reps):
        named = ", ".join(f"<@{each}>" for each in sorted(strangers))
        raise NotAllowed(f"Not among the reps of this desk: {named}. Choose others in their place.")
    revision = Revision(
        revision=seen + 1,
        by=user,
        based_on=digest(now.file.routing),
        routing=routing.model_dump(mode="json"),
    )
    await parts.store.routings.save(channel, revision, at=utcnow())
    log.info("rules_set", desk=channel, revision=revision.revision, by=user, rules=len(routing.rules))
    return await rulebook(parts, channel, user=user)


async def tell_what_ended(parts: Parts) -> None:
    """Log at which desks rules set in Slack count no more, since the file was changed."""
    for file in parts.desks.files:
        newest = await parts.store.routings.newest(file.channel)
        if newest is not None and is_over(file.routing, newest):
            log.warning("rules_of_slack_ended", desk=file.channel, revision=newest.revision, by=newest.by)


def put(routing: Routing, rule: Rule, *, at: int | None) -> Routing:
    """The rule in the place of the one at ``at``, else behind all.

    Raises pydantic's ValidationError when another has its name.
    """
    rules = list(routing.rules)
    if at is None:
        rules.append(rule)
    else:
        rules[at] = rule
    return _with(routing, rules)


def step(routing: Routing, at: int, what: Step) -> Routing:
    """The rules with that one moved or removed; as they are where it cannot move."""
    rules = list(routing.rules)
    moved = rules.pop(at)
    if what != Step.REMOVE:
        rules.insert(max(0, at - 1) if what == Step.UP else at + 1, moved)
    return _with(routing, rules)


def _with(routing: Routing, rules: Sequence[Rule]) -> Routing:
    return Routing.model_validate({**routing.model_dump(), "rules": [rule.model_dump() for rule in rules]})
