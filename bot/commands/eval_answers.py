"""`basecamp eval answers`: what people said of pairs of leads beside what is predicted for them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.making import load_weights
from bot.settings import Settings
from core.adapters.embedder import MODEL_ID
from core.dedupe import Answer, Candidate, Odds, odds
from core.identity import Weights
from core.learning.calibration import Bin, bins, calibration_error
from core.ports import Vector
from core.store import Store, open_store

SAID = {
    Answer.SAME_REQUEST: "same request",
    Answer.SAME_PERSON: "same person, new request",
    Answer.DIFFERENT: "different person",
}


@dataclass(frozen=True)
class Judged:
    """One answer and the odds without it."""

    answer: Answer
    odds: Odds

    @property
    def predicted(self) -> Answer:
        """The likeliest answer."""
        if self.odds.person < 0.5:  # noqa: PLR2004 - even odds
            return Answer.DIFFERENT
        return Answer.SAME_REQUEST if self.odds.request >= 0.5 else Answer.SAME_PERSON  # noqa: PLR2004 - even odds


async def eval_answers(settings: Settings) -> None:
    """Print how answers and predictions agree, and how far the probabilities can be taken at their word."""
    console = Console()
    store = await open_store(settings.database)
    try:
        judged = await judge(store, load_weights(settings))
    finally:
        await store.close()
    if not judged:
        console.print("Nobody has answered yet: the buttons are on the cards of likely duplicates.")
        return
    agreed = Counter((each.answer, each.predicted) for each in judged)
    right = sum(count for (answer, predicted), count in agreed.items() if answer == predicted)
    table = Table("people said \\ predicted", *SAID.values())
    for answer, says in SAID.items():
        table.add_row(says, *(str(agreed[answer, predicted]) for predicted in SAID))
    console.print(table)
    console.print(f"{right} of {len(judged)} as predicted ({right / len(judged):.1%}).", highlight=False)
    show_calibration(
        console,
        "one person",
        bins([each.odds.person for each in judged], [each.answer != Answer.DIFFERENT for each in judged]),
    )


async def judge(store: Store, weights: Weights) -> list[Judged]:
    """Every answer about two leads that are still there, with what is predicted for the pair by itself."""
    answers = await store.people.answers()
    wanted = sorted({lead_id for each in answers for lead_id in (each.lead_id, each.other_id)})
    known = {each.lead_id: each for each in await store.people.candidates(wanted)}
    vectors = await store.leads.vectors(MODEL_ID, wanted)
    return [
        Judged(each.answer, _odds(known[each.lead_id], known[each.other_id], vectors, weights))
        for each in answers
        if each.lead_id in known and each.other_id in known
    ]


def show_calibration(console: Console, what: str, found: Sequence[Bin]) -> None:
    """A line a bin: what was predicted, what was so."""
    table = Table(f"probability of {what}", "pairs", "predicted", "observed")
    for each in found:
        table.add_row(
            f"{each.low:.1f} to {each.high:.1f}",
            str(each.count),
            f"{each.predicted:.3f}",
            f"{each.observed:.3f}",
        )
    console.print(table)
    count = sum(each.count for each in found)
    console.print(f"Expected calibration error {calibration_error(found):.4f} over {count} pairs.")


def _odds(one: Candidate, other: Candidate, vectors: Mapping[str, Vector], weights: Weights) -> Odds:
    newer, earlier = sorted((one, other), key=lambda each: each.lead_id, reverse=True)
    cosine = None
    if newer.lead_id in vectors and earlier.lead_id in vectors:
        cosine = float(np.dot(vectors[newer.lead_id], vectors[earlier.lead_id]))
    beside = replace(earlier, cosine=cosine)
    return odds(newer.contact, newer.profile, newer.request, [beside], weights=weights)[earlier.lead_id]
