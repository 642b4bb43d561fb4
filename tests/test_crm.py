"""A lead in the CRM's words: mapping, translation, reports, and the CSV export."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crm import (
    MAPPINGS,
    MERGE_FIELD,
    TEXT_MAX,
    Column,
    FieldMapping,
    as_text,
    csv_safe,
    cut,
    export_rows,
    gaps,
    to_fields,
)
from core.crm_presets import DEMO_INTENTS, DEMO_OPTIONS
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

NOTES, LATER = MAPPINGS["notes"], MAPPINGS["later"]
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


def demo_table(mapping: FieldMapping, business: str = "automotive") -> dict[str, tuple[str, ...] | None]:
    selects = {
        "Intent": DEMO_INTENTS[business],
        "Source": DEMO_OPTIONS["source"],
        "Status": DEMO_OPTIONS["desk_status"],
    }
    return {column.field: selects.get(column.field) for column in mapping.columns}


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


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_every_preset_holds_the_merge_field(mapping: FieldMapping) -> None:
    assert to_fields(a_lead(), mapping, {}).values == {MERGE_FIELD: a_lead().lead_id}


def test_a_fact_that_is_missing_leaves_its_cell_alone() -> None:
    values = to_fields(a_lead(contact=Contact(), analysis=None), NOTES, demo_table(NOTES)).values
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
    table = {**demo_table(NOTES), "Source": ("web-form", "WEBSITE FORM ")}
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
    mapping = FieldMapping(
        name="own",
        columns=(
            Column(field=MERGE_FIELD, path="lead_id"),
            Column(field="Company", path="contact.company"),
            Column(field="Budget", path="custom_fields.budget"),
        ),
    )
    lead = a_lead(contact=Contact(company="Secret Ltd"), custom_fields={"budget": ["low", "high"]})
    fields = to_fields(lead, mapping, {"Lead ID": None, "Company": ("Acme",), "Budget": None})
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
@pytest.mark.parametrize("crm", [Crm(), SYNCED])
def test_nobody_is_ever_said_to_have_been_contacted(desk_status: DeskStatus, crm: Crm) -> None:
    only = {**demo_table(LATER), "Status": ("Contacted",)}
    for table in (demo_table(LATER), only, as_text(LATER), None):
        values = to_fields(a_lead(desk_status=desk_status, crm=crm), LATER, table).values
        assert values.get("Status") != "Contacted"


@pytest.mark.parametrize("desk_status", ["new", "claimed", "snoozed"])
def test_a_status_that_people_may_have_moved_is_not_set_back_to_new(desk_status: str) -> None:
    fields = to_fields(a_lead(desk_status=DeskStatus(desk_status), crm=SYNCED), LATER, demo_table(LATER))
    assert "Status" not in fields.values
    assert fields.unmapped == ()


def test_a_decision_of_the_desk_is_written_over_the_status_there() -> None:
    lead = a_lead(desk_status=DeskStatus.WON, crm=SYNCED)
    assert to_fields(lead, LATER, demo_table(LATER)).values["Status"] == "Closed"


def test_notes_belong_to_the_people_in_the_crm_once_the_record_is_there() -> None:
    assert "Notes" not in to_fields(a_lead(crm=SYNCED), LATER, demo_table(LATER)).values


def test_a_cell_longer_than_the_tables_limit_is_cut_and_reported() -> None:
    lead = a_lead(custom_fields={"log": "x" * (TEXT_MAX + 1)})
    mapping = FieldMapping(name="own", columns=(Column(field="Log", path="custom_fields.log"),))
    fields = to_fields(lead, mapping, {"Log": None})
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


def test_a_merged_lead_s_status_says_so_and_is_set_back_after_an_undo() -> None:
    table = {**demo_table(LATER), "Status": ("New", "Qualified", "Duplicate")}
    merged = a_lead(crm=SYNCED, desk_status=DeskStatus.MERGED)
    assert to_fields(merged, LATER, table).values["Status"] == "Duplicate"
    undone = a_lead(crm=SYNCED)
    assert "Status" not in to_fields(undone, LATER, table).values
    assert to_fields(undone, LATER, table, set_back=frozenset({"desk_status"})).values["Status"] == "New"


def test_a_cell_that_an_undo_emptied_is_cleared_and_no_other() -> None:
    lead = a_lead(crm=SYNCED, contact=Contact(email="ana@example.com"))
    values = to_fields(lead, NOTES, demo_table(NOTES), set_back=frozenset({"contact.phone"})).values
    assert values["Phone"] is None
    assert values["Email"] == "ana@example.com"
    assert "Name" not in values
