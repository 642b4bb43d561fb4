"""Scripted dialogues, played with pure functions: slots right, nothing invented, nothing asked twice."""

import pytest

from tests.dialogues import Dialogue, dialogues, faults, play, turns_answering, turns_needed

ALL = dialogues()


@pytest.mark.parametrize("dialogue", ALL, ids=lambda dialogue: dialogue.name)
def test_a_dialogue_comes_out_as_a_person_reads_it(dialogue: Dialogue) -> None:
    played = play(dialogue)
    assert faults(dialogue, played.lead, played.state, played.said) == []


def test_there_are_dialogues_of_every_kind() -> None:
    assert len(ALL) >= 60
    kinds = {dialogue.kind for dialogue in ALL}
    assert kinds >= {"happy", "non_sequitur", "cancel", "not_understood", "cancel_then_resume", "reset"}
    assert kinds >= {"several", "correction", "takeover", "silence", "restart", "two_people", "injection"}


WHOLE = [dialogue for dialogue in ALL if dialogue.kind in {"happy", "several", "correction"}]
"""Those that end with a complete lead."""


def ratio(counts: list[tuple[int, int]]) -> float:
    return sum(ours for ours, _ in counts) / sum(single for _, single in counts)


def test_it_takes_at_most_six_turns_where_a_question_a_slot_takes_ten() -> None:
    first = [dialogue for dialogue in WHOLE if not dialogue.added]
    assert ratio([turns_needed(dialogue) for dialogue in WHOLE]) <= 0.6
    assert ratio([turns_answering(dialogue) for dialogue in first]) <= 0.6
    assert ratio([turns_answering(dialogue) for dialogue in WHOLE]) <= 0.6
