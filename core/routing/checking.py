"""What is wrong with a desk's rules that no reader of the file can see. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from core.deskfile import DeskFile, Rule, When
from core.routing.decide import WORTHLESS, reachable

_LANGUAGE = re.compile("[a-z]{2}", re.IGNORECASE)  # ISO 639-1


def problems(
    desk: DeskFile,
    *,
    others: Mapping[str, DeskFile],
    business_types: Collection[str],
    left: Collection[str] = (),
) -> list[str]:
    """What is wrong, a sentence each, in the order of the file.

    Args:
        desk: whose rules are looked at.
        others: the other desks' files, by channel.
        business_types: all that there are.
        left: reps whose accounts are deactivated.
    """
    return [
        *(f"rep {user} left the workspace" for user in desk.reps if user in left),
        *(
            f"rep {user} has no working hours"
            for user, rep in desk.reps.items()
            if not any(rep.hours or desk.hours)
        ),
        *_staff(desk, left),
        *(
            f"rule “{rule.name}” {wrong}"
            for at, rule in enumerate(desk.routing.rules)
            for wrong in (
                *_place(rule, desk, others, left),
                *_never(rule.when, business_types),
                *_order(rule, desk.routing.rules[:at]),
            )
        ),
    ]


def _staff(desk: DeskFile, left: Collection[str]) -> Iterator[str]:
    if desk.routing.otherwise == "turns" and not set(desk.reps) - set(left):
        yield "otherwise is turns, but there are no reps: leads stay in the pool"


def _place(
    rule: Rule, desk: DeskFile, others: Mapping[str, DeskFile], left: Collection[str]
) -> Iterator[str]:
    """What is wrong with where it sends leads."""
    if rule.to and set(rule.to) <= set(left):
        yield "names only people who left the workspace"
    if rule.desk == desk.channel:
        yield "sends leads to the desk they are at"
    elif rule.desk is not None and rule.desk not in others:
        yield f"sends leads to {rule.desk}, which has no file"
    elif rule.desk is not None and _comes_back(rule.desk, desk, others):
        yield f"sends leads to {rule.desk}, whose rules may send them back: they stay there then"


def _order(rule: Rule, before: Sequence[Rule]) -> Iterator[str]:
    """What an earlier rule leaves to it."""
    earlier = next((each for each in before if covers(each.when, rule.when)), None)
    if earlier is None:
        return
    if earlier.desk is not None:
        yield f"is never reached: “{earlier.name}” takes all its leads before"
    elif rule.to and set(rule.to) <= set(earlier.to):
        yield f"never decides: “{earlier.name}” takes all its leads before, for the same people"
    else:
        yield f"counts only while nobody of “{earlier.name}” is there, which takes all its leads before"


def _comes_back(start: str, desk: DeskFile, others: Mapping[str, DeskFile]) -> bool:
    routings = {channel: other.routing for channel, other in others.items()}
    return desk.channel in reachable(start, routings)


def _never(when: When, business_types: Collection[str]) -> Iterator[str]:
    """Why no lead can ever be like this."""
    unknown = [each for each in when.business_type if each.casefold() not in business_types]
    if unknown:
        yield f"asks for a business type that does not exist: {', '.join(unknown)}"
    if when.intent and set(when.intent) <= set(WORTHLESS):
        yield f"never fits: nobody is given {' or '.join(each.value for each in when.intent)}"
    least, below = when.quality_from or 0, when.quality_below
    if below is not None and least >= below:
        yield f"never fits: no quality is from {least} and below {below}"
    odd = [each for each in when.language if not _LANGUAGE.fullmatch(each)]
    if odd:
        yield f"never fits: a language is two letters, such as es, not {', '.join(odd)}"


def covers(wide: When, narrow: When) -> bool:
    """Whether every lead that fits the narrow one fits the wide one too."""
    for name in ("business_type", "source", "intent", "urgency", "language"):
        of_wide, of_narrow = (
            {str(each).casefold() for each in getattr(when, name)} for when in (wide, narrow)
        )
        if of_wide and not (of_narrow and of_narrow <= of_wide):
            return False
    if wide.area and not (narrow.area and all(_begins(each, wide.area) for each in narrow.area)):
        return False
    if wide.quality_from is not None and (narrow.quality_from or 0) < wide.quality_from:
        return False
    return wide.quality_below is None or (
        narrow.quality_below is not None and narrow.quality_below <= wide.quality_below
    )


def _begins(area: str, among: Collection[str]) -> bool:
    """Whether the area is one of these, or lies in one: 60611 in 606; a place only in itself."""
    area = area.casefold()
    found = (each.casefold() for each in among)
    return any(area == each or (each.strip("+").isdigit() and area.startswith(each)) for each in found)
