"""What is said to writers in their languages: each sentence in each, the same placeholders, English else."""

import re
from itertools import combinations

import pytest

import prompts
from core.conversation import Say, SayKind, phrases
from core.rules.language import NAMES, language
from handlers import talk
from prompts.speech import ENGLISH, languages, speech
from tests.lead_examples import lead

ASKS = sorted({slot.asks for name in prompts.names() for slot in prompts.load(name).slots.values()})
SENTENCES = {*(kind.value for kind in SayKind), "question_alone"}
OTHERS = [code for code in languages() if code != ENGLISH]


def said(kind: SayKind, code: str, *asks: str) -> str:
    return talk.words(Say(kind=kind), asks, lead(), guest=True, language=code)


def test_there_are_five_languages_beside_english_and_rules_that_tell_them_apart() -> None:
    assert {"de", "fr", "es", "it", "pt"} <= set(OTHERS)
    assert set(OTHERS) <= set(NAMES)


@pytest.mark.parametrize("code", languages())
def test_every_sentence_is_there_with_its_placeholder(code: str) -> None:
    says = speech(code).says
    assert set(says) == SENTENCES
    for name, sentence in says.items():
        assert re.findall(r"{\w*}", sentence) == re.findall(r"{\w*}", speech(ENGLISH).says[name]), name


@pytest.mark.parametrize("code", OTHERS)
def test_everything_that_a_business_asks_for_has_words(code: str) -> None:
    assert sorted(speech(code).asks) == ASKS


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_said_is_read_as_that_language(code: str) -> None:
    for asked in combinations(ASKS, 2):
        assert language(said(SayKind.OPENING, code, *asked)) == code


@pytest.mark.parametrize("code", languages())
def test_the_words_that_a_sentence_offers_are_understood(code: str) -> None:
    says = speech(code).says
    (skip,) = re.findall("“(.+?)”", says["unclear"])
    (go_on,) = re.findall("“(.+?)”", says["cancelled"])
    assert phrases.skips(skip)
    assert phrases.wish(go_on) == phrases.Wish.RESUME


@pytest.mark.parametrize("code", ["nl", "xx"])
def test_a_language_without_sentences_is_answered_in_english(code: str) -> None:
    assert said(SayKind.NOTED, code) == "Thank you, noted."


def test_what_a_language_has_no_words_for_is_asked_in_english_as_a_whole() -> None:
    assert said(SayKind.MORE, "de", ASKS[0], "which colour") == (
        f"Thank you. Could you also tell us {ASKS[0]}, and which colour?"
    )


def test_the_team_is_spoken_to_in_english() -> None:
    told = talk.words(Say(kind=SayKind.MORE), ["the name"], lead(), guest=False, language="de")
    assert told == "On the card. Still missing: the name."


def test_a_word_of_another_language_for_skipping_counts_alone_only() -> None:
    assert phrases.skips("passer s'il vous plaît")
    assert not phrases.skips("Je voudrais passer vendredi")
