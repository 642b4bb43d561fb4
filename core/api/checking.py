"""Was this here before? Asked of what is no lead yet: who sent it, and what is like it; nothing is kept."""

from core.desk import Desk
from core.errors import Refused, Unavailable
from core.lead import Draft, Lead, Match, MatchKind
from core.similar.wanted import Wanted
from core.store import Store

Found = list[tuple[Lead, Match]]


async def seen_before(desk: Desk, draft: Draft, wanted: Wanted) -> Found:
    """Earlier leads with what the draft would be to each: the same again, a known person's, merely alike.

    First those of the same person, the likeliest duplicate at the top; then those alike, nearest first. The
    threshold is for these alone. With the embedding or the index away, who is known is told all the same;
    Unavailable or Refused where nobody is.
    """
    parts, away = desk.parts, None
    vector, near, alike = None, list[str](), list[tuple[Lead, float]]()
    try:
        vector, near = await parts.search.near_text(draft.message)
        alike = await parts.search.similar(draft.message, wanted)
    except (Unavailable, Refused) as error:
        away = error
    decision = await parts.recogniser.foresee(draft, vector, near)
    found = [pair for pair in await _standing(parts.store, decision.all_matches) if wanted.admits(pair[0])]
    if away is not None and not found:
        raise away
    known = {lead.lead_id for lead, _ in found}
    found += [(lead, _similar(lead, cosine)) for lead, cosine in alike if lead.lead_id not in known]
    return found[: wanted.limit or parts.search.limit]


async def _standing(store: Store, matches: tuple[Match, ...]) -> Found:
    """Each match with its lead, or the one that stands for it; each lead once."""
    leads = {lead.lead_id: lead for lead in await store.leads.get_many([m.lead_id for m in matches])}
    found: dict[str, tuple[Lead, Match]] = {}
    for match in matches:
        if match.lead_id in leads:
            lead = leads[match.lead_id]
            lead = lead if lead.merged_into is None else await store.leads.standing_for(lead.lead_id)
            found.setdefault(lead.lead_id, (lead, match))
    return list(found.values())


def _similar(lead: Lead, cosine: float) -> Match:
    score = round(max(cosine, 0.0), 4)
    return Match(lead_id=lead.lead_id, number=lead.number, kind=MatchKind.SIMILAR, score=score)
