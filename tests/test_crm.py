"""A lead in the CRM's words: mapping, translation, reports, and the CSV export."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crm.cells import TEXT_MAX, cut
from core.crm.demo import DEMO_INTENTS, DEMO_OPTIONS
from core.crm.export import csv_safe, export_rows
from core.crm.fields import gaps, to_fields
from core.crm.live import ANY, LINKS, SELECT, SELECTS, LiveField
from core.crm.mapping import MERGE_FIELD, PRESETS, FieldMapping, preset
from core.lead import (
    Analysis,
    Contact,
    Crm,
    DeskStatus,
    Entity,
    Intent,
    Lead,
    Match,
    MatchKind,
    Status,
    SyncStatus,
    Urgency,
)

NOTES, LATER = preset("notes"), preset("later")
AT = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
SYNCED = Crm(status=SyncStatus.SUCCESS, record_id="rec00000000000001")


def an_analysis(**changes: Any) -> Analysis:
    known: dict[str, Any] = {
        "wants": "Brake repair",
        "intent": Intent.APPOINTMENT_REQUEST,
        "intent_confidence": 0.9,
        "urgency": Urgency.HIGH,
        "urgency_score": 0.834567,
        "urgency_confidence": 0.9,
        "urgency_reason": "the brakes grind",
        "entities": {"services": (Entity(value="brake repair", quote="my brakes"),)},
        "quality_score": 77,
        "summary": "Grinding brakes on a Civic.",
        "model_used": "rules",
        "prompt_digest": "d",
        "processing_time": 0.1,
        "analyzed_at": AT,
    }
    return Analysis(**{**known, **changes})


def a_lead(**changes: Any) -> Lead:
    known: dict[str, Any] = {
        "lead_id": "0198f0a0-0000-7000-8000-000000000001",
        "number": "L-1042",
        "status": Status.ENRICHED,
        "desk_status": DeskStatus.NEW,
        "business_type": "automotive",
        "desk": "C1",
        "source": "web_form",
        "contact": Contact(first_name="Ana", last_name="Ruiz", email="ana@example.com", phone="+15550100"),
        "message": "My brakes grind.",
        "analysis": an_analysis(),
        "received_at": AT,
        "created_at": AT,
        "updated_at": AT,
        "version": 1,
    }
    return Lead(**{**known, **changes})


def choices(*names: str) -> LiveField:
    return LiveField(kind=SELECT, choices=names)


def demo_table(mapping: FieldMapping, business: str = "automotive") -> dict[str, LiveField]:
    selects = {
        "Intent": choices(*DEMO_INTENTS[business]),
        "Source": choices(*DEMO_OPTIONS["source"]),
        "Status": choices(*DEMO_OPTIONS["desk_status"]),
    }
    return {column.field: selects.get(column.field, LiveField()) for column in mapping.columns}


def a_mapping(**fields: str) -> FieldMapping:
    named = {name.replace("_", " "): path for name, path in fields.items()}
    return FieldMapping.model_validate({"name": "own", "fields": named, "words": "seed"})


def written(lead: Lead, mapping: FieldMapping, table: Any) -> dict[str, Any]:
    values = to_fields(lead, mapping, table).values
    return {name: value for name, value in values.items() if value is not None}


def test_the_notes_preset_fills_its_ten_fields() -> None:
    fields = to_fields(a_lead(), NOTES, demo_table(NOTES))
    assert fields.values == {
        "Lead ID": "0198f0a0-0000-7000-8000-000000000001",
        "Name": "Ana Ruiz",
        "Email": "ana@example.com",
        "Phone": "+15550100",
        "Intent": "Appointment",
        "Urgency Score": 0.8346,
        "Service Type": "brake repair",
        "Original Message": "My brakes grind.",
        "Created": "2026-03-04T05:06:07.890Z",
        "Source": "Website Form",
    }
    assert fields.unmapped == ()


def test_the_later_preset_tells_urgency_in_percent_and_the_desks_notes() -> None:
    match = Match(lead_id="x", number="L-9", kind=MatchKind.REPEAT, score=0.9)
    lead = a_lead(matches=(match,), contact=Contact(email="ana@example.com", company="Ruiz & Co"))
    values = to_fields(lead, LATER, demo_table(LATER)).values
    assert values["Urgency Score"] == 83
    assert values["Quality Score"] == 77
    assert values["Notes"].splitlines() == [
        "L-1042",
        "Company: Ruiz & Co",
        "Grinding brakes on a Civic.",
        "Urgency high: the brakes grind",
        "Same person as L-9",
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_holds_the_merge_field(name: str) -> None:
    assert to_fields(a_lead(), preset(name), {}).values == {MERGE_FIELD: a_lead().lead_id}


def test_a_fact_that_is_missing_is_an_empty_cell() -> None:
    lead = a_lead(contact=Contact(), analysis=None)
    assert to_fields(lead, NOTES, demo_table(NOTES)).values["Email"] is None
    values = written(lead, NOTES, demo_table(NOTES))
    assert set(values) == {"Lead ID", "Original Message", "Created", "Source"}


@pytest.mark.parametrize(
    ("business", "intent", "sub_intent", "option"),
    [
        ("automotive", "inquiry", None, "General Inquiry"),
        ("automotive", "quote_request", None, "Quote Request"),
        ("automotive", "inquiry", "service_request", "Service Request"),
        ("medspa", "inquiry", None, "Information Request"),
        ("medspa", "inquiry", "package_inquiry", "Package Interest"),
        ("medspa", "appointment_request", "consultation_request", "Consultation Request"),
        ("consulting", "inquiry", "efficiency_project", "Process Optimization"),
        ("consulting", "inquiry", "project_inquiry", "Project Inquiry"),
        ("general", "support", None, "Support Request"),
    ],
)
def test_an_intent_is_said_in_the_words_of_the_businesss_table(
    business: str, intent: str, sub_intent: str | None, option: str
) -> None:
    lead = a_lead(business_type=business, analysis=an_analysis(intent=Intent(intent), sub_intent=sub_intent))
    assert to_fields(lead, NOTES, demo_table(NOTES, business)).values["Intent"] == option


def test_an_option_is_written_in_its_own_spelling() -> None:
    table = {**demo_table(NOTES), "Source": choices("web-form", "WEBSITE FORM ")}
    assert to_fields(a_lead(), NOTES, table).values["Source"] == "WEBSITE FORM "


def test_a_value_without_an_option_is_left_out_and_reported_with_the_option_to_add() -> None:
    lead = a_lead(analysis=an_analysis(intent=Intent.COMPLAINT), source="referral")
    fields = to_fields(lead, NOTES, demo_table(NOTES))
    assert "Intent" not in fields.values
    assert "Source" not in fields.values
    assert fields.unmapped == (
        'Intent: the table has no option for "complaint"; add "Complaint" to the field\'s options',
        'Source: the table has no option for "referral"; add "Referral" to the field\'s options',
    )


def test_a_field_that_the_table_lacks_is_left_out_and_reported() -> None:
    table = demo_table(NOTES)
    del table["Service Type"]
    fields = to_fields(a_lead(), NOTES, table)
    assert "Service Type" not in fields.values
    assert fields.unmapped[0].startswith("Service Type: the table has no such field")


def test_with_unread_options_the_demo_tables_are_assumed() -> None:
    fields = to_fields(a_lead(source="referral"), NOTES, None)
    assert fields.values["Intent"] == "Appointment"
    assert "Source" not in fields.values
    assert "schema.bases:read" in fields.unmapped[0]


def test_what_a_customer_wrote_is_not_quoted_in_a_report() -> None:
    mapping = a_mapping(Company="contact.company", Budget="custom_fields.budget")
    lead = a_lead(contact=Contact(company="Secret Ltd"), custom_fields={"budget": ["low", "high"]})
    fields = to_fields(lead, mapping, {"Company": choices("Acme"), "Budget": LiveField()})
    assert fields.values["Budget"] == "low, high"
    assert "Secret" not in fields.unmapped[0]


@pytest.mark.parametrize(
    ("desk_status", "option"),
    [
        ("new", "New"),
        ("claimed", "New"),
        ("snoozed", "New"),
        ("approved", "Qualified"),
        ("rejected", "Closed"),
        ("won", "Closed"),
        ("lost", "Closed"),
        ("spam", "Closed"),
        ("merged", "Closed"),
    ],
)
def test_the_desks_status_is_told_by_what_its_people_did(desk_status: str, option: str) -> None:
    lead = a_lead(desk_status=DeskStatus(desk_status))
    assert to_fields(lead, LATER, demo_table(LATER)).values["Status"] == option


@pytest.mark.parametrize("desk_status", DeskStatus)
def test_nobody_is_ever_said_to_have_been_contacted(desk_status: DeskStatus) -> None:
    only = {**demo_table(LATER), "Status": choices("Contacted")}
    text = {column.field: LiveField() for column in LATER.columns}
    for table in (demo_table(LATER), only, text, None):
        values = to_fields(a_lead(desk_status=desk_status), LATER, table).values
        assert values.get("Status") != "Contacted"


def test_a_cell_longer_than_the_tables_limit_is_cut_and_reported() -> None:
    lead = a_lead(custom_fields={"log": "x" * (TEXT_MAX + 1)})
    fields = to_fields(lead, a_mapping(Log="custom_fields.log"), {"Log": LiveField()})
    assert fields.values["Log"] == "x" * (TEXT_MAX - 1) + "…"
    assert fields.unmapped == ("Log: cut at 100,000 characters, the table's limit",)


@given(st.text(min_size=1, max_size=20), st.integers(0, 3))
def test_a_cut_text_fits_and_is_a_beginning_of_the_whole(end: str, odd: int) -> None:
    whole = "x" * odd + "😀" * (TEXT_MAX // 2 - 2) + end
    shown = cut(whole)
    assert isinstance(shown, str)
    assert len(shown.encode("utf-16-le", "surrogatepass")) <= 2 * TEXT_MAX
    assert whole.startswith(shown.removesuffix("…")) or shown == whole


def test_a_gap_names_the_options_for_which_a_select_has_no_words() -> None:
    (source, intent) = gaps(LATER, demo_table(LATER))
    assert '"Slack Message"' in source
    assert '"Complaint"' in intent
    assert '"General Inquiry"' not in intent


def test_a_missing_field_is_a_gap() -> None:
    assert gaps(NOTES, {})[0].startswith("Lead ID: the table has no such field")


def test_an_exported_lead_reads_back_from_csv_as_it_was() -> None:
    out = io.StringIO()
    csv.writer(out).writerows(export_rows([a_lead(message='two\nlines, "quoted"')], NOTES))
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert row["Original Message"] == 'two\nlines, "quoted"'
    assert row["Source"] == "Website Form"
    assert row["Intent"] == "Appointment"
    assert row["Urgency Score"] == "0.8346"


def test_an_export_tells_the_status_of_leads_that_have_a_record_too() -> None:
    lead = a_lead(desk_status=DeskStatus.CLAIMED, crm=SYNCED)
    head, row = export_rows([lead], LATER)
    assert row[head.index("Status")] == "Claimed"


def test_a_formula_in_a_name_is_text_in_the_export() -> None:
    lead = a_lead(contact=Contact(first_name='=HYPERLINK("http://evil.example","x")'))
    head, row = export_rows([lead], NOTES)
    assert row[head.index("Name")] == '\'=HYPERLINK("http://evil.example","x")'


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+15550100", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n@x", "\uff1d1"],
)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert csv_safe(text) == "'" + text


@given(st.text())
def test_no_exported_text_begins_like_a_formula(text: str) -> None:
    assert not csv_safe(text).lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (-3, "-3"), (0.5, "0.5"), ("plain", "plain")])
def test_numbers_and_plain_text_are_exported_as_they_are(value: Any, cell: str) -> None:
    assert csv_safe(value) == cell


def test_a_merged_lead_s_status_says_so() -> None:
    table = {**demo_table(LATER), "Status": choices("New", "Qualified", "Duplicate")}
    assert to_fields(a_lead(desk_status=DeskStatus.MERGED), LATER, table).values["Status"] == "Duplicate"


@pytest.mark.parametrize(
    ("kind", "path", "said", "cell"),
    [
        ("singleLineText", "custom_fields.x", 7, "7"),
        ("multilineText", "custom_fields.x", ["a", "b"], "a, b"),
        ("email", "custom_fields.x", "ana@example.com", "ana@example.com"),
        ("phoneNumber", "custom_fields.x", "+1 415", "+1 415"),
        ("url", "custom_fields.x", "https://example.com/a", "https://example.com/a"),
        ("number", "custom_fields.x", "12.5", 12.5),
        ("number", "custom_fields.x", 3, 3),
        ("percent", "custom_fields.x", 0.25, 0.25),
        ("percent", "urgency_percent", None, 0.83),
        ("checkbox", "custom_fields.x", "Yes", True),
        ("checkbox", "custom_fields.x", False, False),
        ("date", "created_at", None, "2026-03-04"),
        ("dateTime", "created_at", None, "2026-03-04T05:06:07.890Z"),
        ("singleLineText", "created_at", None, "2026-03-04T05:06:07.890Z"),
        (
            "multipleAttachments",
            "custom_fields.x",
            "https://example.com/a.png",
            [{"url": "https://example.com/a.png"}],
        ),
        (ANY, "custom_fields.x", 1.23456, 1.2346),
    ],
)
def test_a_fact_becomes_what_the_type_of_its_field_takes(kind: str, path: str, said: Any, cell: Any) -> None:
    fields = to_fields(a_lead(custom_fields={"x": said}), a_mapping(X=path), {"X": LiveField(kind=kind)})
    assert (fields.values["X"], fields.unmapped) == (cell, ())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("email", "secret"),
        ("url", "javascript:secret"),
        ("number", "secret"),
        ("checkbox", "secret"),
        ("dateTime", "secret"),
        ("multipleAttachments", "secret"),
        ("formula", "secret"),
        ("multipleCollaborators", "secret"),
    ],
)
def test_what_a_field_cannot_take_is_left_out_and_reported_without_quoting_it(kind: str, said: str) -> None:
    fields = to_fields(
        a_lead(custom_fields={"x": said}), a_mapping(X="custom_fields.x"), {"X": LiveField(kind=kind)}
    )
    assert "X" not in fields.values
    assert "secret" not in fields.unmapped[0]
    assert fields.unmapped[0].startswith("X: ")


def test_each_of_several_values_becomes_an_option_of_a_multiple_select() -> None:
    table = {"Wants": LiveField(kind=SELECTS, choices=("Oil Change", "Brake Repair"))}
    services = (Entity(value="brake repair", quote="q"), Entity(value="oil change", quote="q"))
    lead = a_lead(analysis=an_analysis(entities={"services": services}))
    fields = to_fields(lead, a_mapping(Wants="analysis.entities.services"), table)
    assert fields.values["Wants"] == ["Brake Repair", "Oil Change"]


def test_a_linked_record_is_found_by_its_name() -> None:
    table = {"Firm": LiveField(kind=LINKS, linked={"Ruiz & Co": "rec1"})}
    mapping = a_mapping(Firm="contact.company")
    assert to_fields(a_lead(contact=Contact(company="ruiz & co")), mapping, table).values["Firm"] == ["rec1"]
    stranger = to_fields(a_lead(contact=Contact(company="Secret Ltd")), mapping, table)
    assert stranger.unmapped == ("Firm: no linked record has that name; add it to the linked table",)


def test_a_field_of_plain_text_gets_the_best_word() -> None:
    table = {**demo_table(LATER), "Status": LiveField(kind="singleLineText"), "Source": LiveField()}
    lead = a_lead(desk_status=DeskStatus.APPROVED, source="fax_machine")
    values = to_fields(lead, LATER, table).values
    assert (values["Status"], values["Source"]) == ("Approved", "Fax Machine")
