"""Which leads are one person's: held together by sure links, kept apart by what people said."""

from collections.abc import Collection, Iterable, Mapping


def clusters(
    lead_ids: Collection[str],
    links: Mapping[tuple[str, str], float],
    apart: Iterable[tuple[str, str]] = (),
) -> list[frozenset[str]]:
    """The persons behind these leads, each the set of its leads; the order of arrival makes no difference.

    The heaviest links are followed first (Kruskal), and one that would bring together two leads that
    somebody called different persons is left out: so a person that is split comes apart at its weakest link.

    Args:
        lead_ids: all leads in question.
        links: (lead id, other lead id) -> log2 weight of the sure links among them.
        apart: pairs of leads that are different persons, whatever the evidence.
    """
    together: dict[str, set[str]] = {lead_id: {lead_id} for lead_id in lead_ids}
    divided = [tuple(pair) for pair in apart]
    for (one, other), _ in sorted(links.items(), key=lambda link: (-link[1], sorted(link[0]))):
        if one not in together or other not in together or together[one] is together[other]:
            continue
        if any(_divides(pair, together[one], together[other]) for pair in divided):
            continue
        joined = together[one] | together[other]
        for lead_id in joined:
            together[lead_id] = joined
    return [frozenset(group) for group in {id(group): group for group in together.values()}.values()]


def _divides(pair: tuple[str, ...], one: set[str], other: set[str]) -> bool:
    first, second = pair
    return (first in one and second in other) or (first in other and second in one)
