"""What the leads answer to a query: counts from the store, the newest, and those alike in meaning."""

from collections.abc import Collection, Mapping
from typing import Final

from core.errors import Refused, Unavailable
from core.lead import DeskStatus, Lead, Value
from core.listing import Term
from core.questions.query import ROWS, Query
from core.questions.read import stems
from core.similar.search import Search
from core.store import Store

ALIKE: Final = 3
"""Most leads that are shown for being alike in meaning only."""


class Found(Value):
    """The answer to a query, every figure and lead from the store.

    Attributes:
        counts: of the leads in which the words stand: what came of them -> how many.
        leads: the newest of those.
        alike: leads without the words that are alike in meaning, with their cosines, nearest first.
        searched: whether those could be looked for.
    """

    query: Query
    counts: Mapping[DeskStatus, int]
    leads: tuple[Lead, ...]
    alike: tuple[tuple[Lead, float], ...] = ()
    searched: bool = True

    @property
    def total(self) -> int:
        """In how many leads the words stand."""
        return sum(self.counts.values())

    @property
    def shown(self) -> list[Lead]:
        """All leads that the answer names."""
        return [*self.leads, *(lead for lead, _ in self.alike)]


async def find(store: Store, search: Search, query: Query, desks: Collection[str] | None) -> Found:
    """The answer to a query over the leads of these desks, None: of all."""
    terms = [Term(text=stem) for stem in stems(query.words)]
    tally = await store.questions.tally(
        query.wanted, terms, urgent=query.urgent, desks=desks, limit=ROWS - ALIKE if query.words else ROWS
    )
    found = Found(query=query, counts=tally.counts, leads=tuple(tally.newest))
    if not query.words:
        return found
    try:
        near = await search.similar(query.words, query.wanted.model_copy(update={"limit": 2 * ROWS}))
    except (Unavailable, Refused):
        return found.model_copy(update={"searched": False})
    other = [(lead, cosine) for lead, cosine in near if _is_meant(lead, query, desks)]
    with_words = await store.questions.among([lead.lead_id for lead, _ in other], terms)
    alike = [pair for pair in other if pair[0].lead_id not in with_words]
    return found.model_copy(update={"alike": tuple(alike[:ALIKE])})


def _is_meant(lead: Lead, query: Query, desks: Collection[str] | None) -> bool:
    if desks is not None and lead.desk not in desks:
        return False
    return not query.urgent or (lead.analysis is not None and lead.analysis.is_urgent)
