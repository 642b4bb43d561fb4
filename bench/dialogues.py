"""How the scripted dialogues and the labelled messages come out: ``python -m bench.dialogues``."""

import asyncio
import time
from collections import Counter

from bot.making import load_embedder
from bot.settings import Settings
from tests.dialogues import dialogues, faults, play, turns_answering, turns_needed
from tests.test_sorting import counts


async def main() -> None:
    """Play all, then sort both halves."""
    started = time.perf_counter()
    played = [(dialogue, play(dialogue)) for dialogue in dialogues()]
    seconds = time.perf_counter() - started
    wrong = [
        fault for dialogue, after in played for fault in faults(dialogue, after.lead, after.state, after.said)
    ]
    turns = sum(len(dialogue.turns) for dialogue, _ in played)
    print(f"{len(played)} dialogues, {turns} turns: {Counter(dialogue.kind for dialogue, _ in played)}")
    print(f"faults: {len(wrong)} (slots wrong, values invented, answered slots asked again)")
    for fault in wrong:
        print(f"  {fault}")
    print(f"{1000 * seconds / (turns + len(played)):.1f} ms a turn by rules")
    whole = [each for each in dialogues() if each.kind in {"happy", "several", "correction"}]
    groups = {
        "complete ones as first written": [each for each in whole if not each.added],
        "all complete ones": whole,
        "all": dialogues(),
    }
    for measure, how in ((turns_needed, "as scripted"), (turns_answering, "answering what is asked")):
        for name, group in groups.items():
            needed = [measure(each) for each in group]
            ours, single = sum(each for each, _ in needed), sum(each for _, each in needed)
            print(f"turns {how}, {name} ({len(group)}): {ours} of {single}, {ours / single:.1%}")
    embedder = load_embedder(Settings(_env_file=None))
    for half in ("first", "second"):
        found = await counts(half, embedder)
        print(f"channel messages, {half} half (the first was looked at): (label, read as) {dict(found)}")
    embedder.close()


if __name__ == "__main__":
    asyncio.run(main())
