"""The business types' files: what they must say, and what is told when they do not."""

from pathlib import Path

import pytest

import prompts
from core.lead import Intent, Urgency
from prompts import BadBusinessFile, BusinessType
from prompts.business import INTENTS, OWN_EXAMPLES, UNWANTED, URGENCIES

FILES = Path(prompts.__file__).parent

SEED = {
    "general": {"services", "locations", "dates", "contact_preferences"},
    "automotive": {"vehicle_info", "services", "symptoms", "locations", "dates", "contact_preferences"},
    "medspa": {"treatments", "concerns", "body_areas", "timing", "experience_level", "contact_preferences"},
    "consulting": {
        "services",
        "industry",
        "company_size",
        "timeline",
        "budget_range",
        "contact_preferences",
    },
}
SEED_INSIGHTS = {
    "general": {"customer_type": "new returning", "purchase_intent": "high medium low"},
    "automotive": {
        "service_category": "maintenance repair emergency inspection",
        "customer_type": "new returning",
        "vehicle_age": "new used older",
    },
    "medspa": {
        "treatment_category": "facial body anti_aging acne consultation",
        "customer_type": "new returning",
        "budget_indicator": "high medium low unspecified",
    },
    "consulting": {
        "service_category": "strategy operations technology hr finance general",
        "project_scope": "small medium enterprise",
        "decision_maker": "likely possible unlikely",
    },
}


@pytest.fixture(params=prompts.names())
def business(request: pytest.FixtureRequest) -> BusinessType:
    """Each business type that comes with the product."""
    return prompts.load(request.param)


def written(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A copy of general.toml with changes, as a business of its own."""
    text = (FILES / "general.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def test_the_four_business_types_come_with_the_product() -> None:
    assert set(prompts.names()) == set(SEED)


def test_the_intents_are_those_of_a_lead() -> None:
    assert list(Intent) == list(INTENTS)


def test_the_urgencies_are_those_of_a_lead() -> None:
    assert list(Urgency) == list(URGENCIES)


def test_entities_are_exactly_the_earlier_systems(business: BusinessType) -> None:
    assert set(business.entities) == SEED[business.name]


def test_insights_and_their_values_are_exactly_the_earlier_systems(business: BusinessType) -> None:
    values = {name: " ".join(insight.allowed) for name, insight in business.insights.items()}
    assert values == SEED_INSIGHTS[business.name]


def test_every_wanted_intent_has_prototypes_of_the_trade(business: BusinessType) -> None:
    own = {name: len(guide.examples) for name, guide in business.intents.items()}
    assert all(own[name] >= OWN_EXAMPLES for name in INTENTS if name not in UNWANTED)


def test_no_sentence_stands_for_two_intents(business: BusinessType) -> None:
    sentences = [text.casefold() for name in INTENTS for text in business.prototypes(name)]
    assert len(sentences) == len(set(sentences))


def test_the_instructions_name_every_intent_entity_and_insight(business: BusinessType) -> None:
    told = business.instructions
    named = [*INTENTS, *URGENCIES, *business.entities, *business.insights]
    assert [name for name in named if name not in told] == []


def test_a_medspa_card_does_not_show_body_areas() -> None:
    assert prompts.load("medspa").hidden == {"body_areas"}


def test_a_business_is_loaded_once() -> None:
    assert prompts.load("general") is prompts.load("general")


def test_an_unknown_business_is_told_with_the_known_ones() -> None:
    with pytest.raises(BadBusinessFile, match="automotive, consulting, general, medspa"):
        prompts.load("bakery")


def test_the_everyday_file_is_no_business() -> None:
    with pytest.raises(BadBusinessFile):
        prompts.load("_everyday")


def test_a_new_business_is_a_new_file_and_nothing_else(tmp_path: Path) -> None:
    bakery = prompts.load_file(
        written(
            tmp_path,
            "bakery",
            ('delivery = ["delivery"', '"wedding cake" = ["cake*"]\ndelivery = ["delivery"'),
        )
    )
    assert bakery.name == "bakery"
    assert bakery.entities["services"].words["wedding cake"] == ("cake*",)


def test_the_digest_changes_with_the_file(tmp_path: Path) -> None:
    same = prompts.load_file(written(tmp_path, "same"))
    other = prompts.load_file(written(tmp_path, "other", ("A business that serves", "A bakery that serves")))
    assert same.digest == prompts.load("general").digest
    assert other.digest != same.digest


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('title = "General business"', 'titel = "x"'), "titel"),
        (('otherwise = "low"', 'otherwise = "maybe"'), "maybe not among allowed"),
        (('concrete = ["services"]', 'concrete = ["sevices"]'), "there is no entity sevices"),
        (('quote = "Elm Street"', 'quote = "Oak Street"'), "'Oak Street' is not in its message"),
        (('found_by = "location"', ""), "needs words or found_by"),
        (('purchase_intent = "high"', 'purchase_intent = "huge"'), "'huge' is not allowed"),
        (("[intents.general]", "[intents.generell]"), "there is no intent generell"),
        (('  "Never mind, sorry",\n', ""), "at least 5 examples"),
        (('shows = ["services", ', "shows = ["), "services may not be shown"),
        (('urgency_quote = "today"', 'urgency_quote = "at once"'), "urgency_quote is not in its message"),
        (('joins = "reach"', 'joins = "name"'), "slots.name: joins name"),
        (('joins = "reach"', 'joins = "reech"'), "slots.name: joins reech"),
        (('title = "', 'name = "x"\ntitle = "'), "not for the file to set"),
        (('title = "General business"', "title = "), "line"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(BadBusinessFile, match=rf"mistaken\.toml.*{told}"):
        prompts.load_file(written(tmp_path, "mistaken", change))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "mistaken",
        ('concrete = ["services"]', 'concrete = ["a"]'),
        ('headline = ["services"]', 'headline = ["b"]'),
    )
    with pytest.raises(BadBusinessFile) as told:
        prompts.load_file(path)
    assert len(str(told.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadBusinessFile, match="cannot be read"):
        prompts.load_file(tmp_path / "gone.toml")


def test_a_file_that_is_no_text_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadBusinessFile, match="not UTF-8"):
        prompts.load_file(path)


def test_a_form_asks_nothing_under_the_name_of_another_field(tmp_path: Path) -> None:
    again = '[[form.fields]]\nname = "when"\nlabel = "And when?"\n\n[[examples]]'
    with pytest.raises(BadBusinessFile, match="two fields have the same name"):
        prompts.load_file(written(tmp_path, "twice", ("[[examples]]", again)))


def test_each_business_has_a_form_of_its_own(business: BusinessType) -> None:
    assert business.form.fields
    assert business.form.message.endswith("?")
