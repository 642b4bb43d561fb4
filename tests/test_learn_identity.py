"""What people answered on cards: measured against predictions, and learned from when that is better."""

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.eval_answers import judge
from bot.commands.eval_dedupe import Label as Truth
from bot.commands.eval_dedupe import accuracy, scores
from bot.commands.learn_identity import identity, labels
from bot.making import load_weights
from bot.settings import Settings
from core.dedupe import Answer
from core.errors import Refused
from core.identity import SHIPPED, compare, keys, profile_of
from core.identity.learn import LEAST_LABELS, Label, learn
from core.lead import Contact, Draft, Event, utcnow
from core.learning.calibration import bins, calibration_error
from core.store import Store, open_store
from core.store.people import Labelled
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database
from tests.test_cli import basecamp


def label(number: int, one: Contact, other: Contact, *, same: bool) -> Label:
    ours, theirs = (profile_of(contact, "", region="US") for contact in (one, other))
    return Label(f"a{number}", f"b{number}", compare(ours, theirs), same)


def households(count: int, *, same: bool, start: int = 0) -> list[Label]:
    """Pairs that share a number and a surname but no first name, and are called this."""
    mike = Contact(first_name="Mike", last_name="Chen", phone="4155550123")
    anna = Contact(first_name="Anna", last_name="Chen", phone="4155550123")
    return [label(start + at, mike, anna, same=same) for at in range(count)]


def people(count: int, *, start: int) -> list[Label]:
    return [
        label(
            start + at,
            Contact(first_name="Ana", last_name="Silva", email=f"ana{at}@silva.example"),
            Contact(first_name="Ana", last_name="Silva", email=f"ana{at}@silva.example"),
            same=True,
        )
        for at in range(count)
    ]


def test_answers_that_contradict_the_weights_move_them_and_are_better_held_back() -> None:
    taught = [*households(30, same=True), *people(10, start=100), *households(3, same=False, start=200)]
    lesson = learn(taught, SHIPPED)
    assert lesson.why_not is None
    assert lesson.before is not None
    assert lesson.after is not None
    assert lesson.after.log_loss < lesson.before.log_loss
    assert lesson.weights.levels["given"]["clash"] > SHIPPED.levels["given"]["clash"]
    assert ("given", "clash") in lesson.moved


def test_answers_that_bear_the_weights_out_hardly_move_them() -> None:
    borne_out = [*households(14, same=False), *households(2, same=True, start=50)]  # their odds are 1 to 8
    lesson = learn([*borne_out, *people(15, start=100)], SHIPPED)
    assert all(abs(now - learned) < 0.5 for now, learned in lesson.moved.values())


def test_what_nobody_answered_about_stays_as_it_is() -> None:
    lesson = learn([*households(30, same=True), *households(3, same=False, start=100)], SHIPPED)
    assert lesson.weights.levels["plate"] == SHIPPED.levels["plate"]
    assert lesson.weights.levels["mail"] == SHIPPED.levels["mail"]


@pytest.mark.parametrize(
    ("taught", "why"),
    [
        ([], f"0 answers so far; {LEAST_LABELS} are needed"),
        (households(5, same=True), f"5 answers so far; {LEAST_LABELS} are needed"),
        (households(30, same=True), "all answers say the same; both kinds are needed"),
        (
            [
                *households(20, same=True),
                *households(20, same=False, start=100),
                *people(1, start=300),
            ],
            None,
        ),
    ],
)
def test_weights_are_learned_only_from_enough_answers_of_both_kinds(
    taught: list[Label], why: str | None
) -> None:
    assert learn(taught, SHIPPED).why_not == why


@given(st.permutations(range(12)))
def test_the_order_of_answers_does_not_matter(order: list[int]) -> None:
    taught = [*households(8, same=True), *households(4, same=False, start=100)]
    one, other = learn(taught, SHIPPED), learn([taught[at] for at in order], SHIPPED)
    assert one.weights == other.weights


def test_probabilities_that_keep_their_word_have_no_calibration_error() -> None:
    found = bins([0.0, 0.0, 0.5, 0.5, 1.0], [False, False, True, False, True])
    assert calibration_error(found) == 0
    assert [each.count for each in found] == [2, 2, 1]


def test_the_calibration_error_is_the_mean_distance_by_count() -> None:
    assert calibration_error(bins([0.9, 0.9, 0.2, 0.2], [True, False, False, False])) == pytest.approx(0.3)


def test_a_class_is_right_only_with_a_lead_that_is_truly_so() -> None:
    truths = [
        Truth(id="a", person="p", cls="new"),
        Truth(id="b", person="p", cls="duplicate", duplicate_of=("a",)),
        Truth(id="c", person="q", cls="duplicate", duplicate_of=("x",)),
    ]
    predicted = {each: [{"id": "a", "kind": "duplicate", "score": 1.0}] for each in "bc"}
    assert scores(truths, predicted)["duplicate"] == (0.5, 0.5, 0.5)
    assert scores(truths, predicted)["new"] == (1.0, 1.0, 1.0)
    assert accuracy(truths, predicted) == pytest.approx(2 / 3)


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    with fresh_database(request.param, tmp_path) as url:
        opened = await open_store(url)
        yield opened
        await opened.close()


async def add(store: Store, contact: Contact, message: str) -> str:
    accepted = await store.submissions.accept(
        Submission(
            source="test",
            event_key=f"{contact}{message}",
            fingerprint="",
            content_type="",
            body=None,
            received_at=utcnow(),
        ),
        Draft(contact=contact, message=message, source="test", received_at=utcnow()),
        desk="C1",
        business_type="general",
        actor="test",
        enlist=lambda _connection, _lead_id: None,
    )
    profile = profile_of(contact, message, region="US")
    await store.people.in_turn(
        lambda turn: turn.meet(accepted.lead_id, profile, keys(profile), worth=lambda _: False)
    )
    return accepted.lead_id


async def answer(store: Store, newer: str, earlier: str, said: Answer) -> None:
    labelled = Labelled(lead_id=newer, other_id=earlier, answer=said, actor="U1", at=utcnow())
    event = Event(
        event_id=f"answered:{newer}:{earlier}",
        lead_id=newer,
        at=utcnow(),
        actor="U1",
        what="answered",
        told=False,
    )
    await store.people.answer(labelled, event)


async def answered_households(store: Store, said: Iterable[Answer]) -> None:
    for at, each in enumerate(said):
        phone = f"41555501{at:02}"
        one = await add(
            store, Contact(first_name="Mike", last_name="Chen", phone=phone), f"Brakes squeal {at}"
        )
        other = await add(
            store, Contact(first_name="Anna", last_name="Chen", phone=phone), f"Need tyres {at}"
        )
        await answer(store, other, one, each)


async def test_answers_become_labels_with_what_they_were_about(store: Store) -> None:
    await answered_households(store, [Answer.SAME_PERSON, Answer.DIFFERENT])
    first, second = await labels(store, SHIPPED)
    assert (first.same, second.same) == (True, False)
    assert first.comparison.level("phone") == "equal"
    assert first.comparison.level("given") == "clash"


async def test_an_answer_is_judged_beside_what_would_be_predicted_without_it(store: Store) -> None:
    await answered_households(store, [Answer.SAME_REQUEST, Answer.DIFFERENT])
    wrong, right = await judge(store, SHIPPED)
    assert (wrong.answer, wrong.predicted) == (Answer.SAME_REQUEST, Answer.DIFFERENT)
    assert (right.answer, right.predicted) == (Answer.DIFFERENT, Answer.DIFFERENT)


async def test_weights_are_kept_only_when_told_to_and_are_in_use_from_then_on(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    store = await open_store(settings.database)
    await answered_households(store, [*[Answer.SAME_PERSON] * 20, *[Answer.DIFFERENT] * 2])
    await store.close()
    await identity(settings, apply=False)
    assert load_weights(settings) == SHIPPED
    await identity(settings, apply=True)
    assert load_weights(settings).levels["given"]["clash"] > SHIPPED.levels["given"]["clash"]
    doctor = basecamp("doctor", DATA_DIR=str(tmp_path))
    assert "weights learned here" in doctor.stdout


async def test_too_few_answers_change_nothing_even_when_told_to(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    store = await open_store(settings.database)
    await answered_households(store, [Answer.SAME_PERSON, Answer.DIFFERENT])
    await store.close()
    await identity(settings, apply=True)
    assert not settings.identity_weights.exists()


def test_a_damaged_file_of_weights_is_named_with_its_mend(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, _env_file=None)
    settings.identity_weights.write_text('{"levels": 3}')
    with pytest.raises(Refused, match="remove it to use the shipped ones"):
        load_weights(settings)


def test_the_commands_say_what_there_is_to_learn(tmp_path: Path) -> None:
    assert "Nobody has answered yet" in basecamp("eval", "answers", DATA_DIR=str(tmp_path)).stdout
    assert "0 answers" in basecamp("learn", "identity", DATA_DIR=str(tmp_path)).stdout
    assert "weights as shipped" in basecamp("doctor", DATA_DIR=str(tmp_path)).stdout


def test_the_evaluation_prints_scores_and_calibration_against_labels(tmp_path: Path) -> None:
    mike = {"first_name": "Mike", "last_name": "Chen", "email": "mike.chen@gmail.com"}
    leads = [
        {
            "id": "a",
            "contact": mike,
            "message": "Brakes squeal when I stop",
            "received_at": "2024-03-14T10:00Z",
        },
        {
            "id": "b",
            "contact": mike,
            "message": "brakes squeel when I stop",
            "received_at": "2024-03-15T10:00Z",
        },
        {
            "id": "c",
            "contact": {"first_name": "Ana"},
            "message": "Tyres?",
            "received_at": "2024-03-16T10:00Z",
        },
    ]
    truth = [
        {"id": "a", "person": "m", "cls": "new"},
        {"id": "b", "person": "m", "cls": "duplicate", "duplicate_of": ["a"]},
        {"id": "c", "person": "n", "cls": "new"},
    ]
    for name, lines in (("leads", leads), ("truth", truth)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    files = ("--leads", str(tmp_path / "leads.jsonl"), "--truth", str(tmp_path / "truth.jsonl"))
    out = ("--out", str(tmp_path / "out.jsonl"))
    ended = basecamp("eval", "dedupe", *files, *out, "--no-embedding", DATA_DIR=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert "accuracy 1.0000 over 3 leads" in ended.stdout
    assert "Expected calibration error" in ended.stdout
