"""Leads for tests: one everyday lead to change, and a strategy that makes any lead there can be."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from core.lead import (
    MESSAGE_MAX,
    Also,
    Analysis,
    Contact,
    Crm,
    DeskStatus,
    Entity,
    Event,
    Evidence,
    Intent,
    Lead,
    Match,
    MatchKind,
    Part,
    Status,
    SyncStatus,
    Urgency,
)
from core.sla import Clock

RECEIVED = datetime(2026, 11, 12, 14, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 12, 14, 9, tzinfo=UTC)

MESSAGE = (
    "Hi there! My brakes started grinding this morning and I'm scared to drive home. "
    "It's a 2019 Honda Civic. Can you get me in today? Call me, please."
)


def analysis(**changes: Any) -> Analysis:
    """How a good model reads MESSAGE."""
    read = Analysis(
        wants="Brake repair, 2019 Honda Civic",
        intent=Intent.APPOINTMENT_REQUEST,
        sub_intent="service_request",
        intent_confidence=0.93,
        urgency=Urgency.URGENT,
        urgency_score=0.91,
        urgency_confidence=0.88,
        urgency_reason="Afraid to drive, wants to come today",
        entities={
            "vehicle_info": (Entity(value="2019 Honda Civic", quote="2019 Honda Civic"),),
            "symptoms": (Entity(value="brake noise", quote="brakes started grinding"),),
            "dates": (Entity(value="today", quote="today"),),
            "contact_preferences": (Entity(value="call", quote="Call me"),),
        },
        quality_score=82,
        quality_reasons=("names the car and the fault", "can be called"),
        topics=("brakes",),
        summary="A driver asks for a brake repair on a 2019 Honda Civic today.",
        business_insights={"service_category": "repair"},
        model_used="qwen3:4b",
        prompt_digest="0123abcd",
        processing_time=2.5,
        analyzed_at=RECEIVED,
    )
    return read.model_copy(update=changes)


def lead(**changes: Any) -> Lead:
    """A brake emergency, enriched, nobody's yet."""
    made = Lead(
        lead_id="019a7c3e-0000-7000-8000-000000001042",
        number="L-1042",
        status=Status.SYNCED,
        desk_status=DeskStatus.NEW,
        business_type="automotive",
        desk="C0DESK",
        source="web_form",
        contact=Contact(
            first_name="Mike",
            last_name="Chen",
            email="mike.chen@example.com",
            phone="+1 415 555 0123",
            company="Chen Plumbing LLC",
        ),
        message=MESSAGE,
        analysis=analysis(),
        received_at=RECEIVED,
        created_at=RECEIVED,
        updated_at=RECEIVED,
        version=3,
    )
    return made.model_copy(update=changes)


def match(kind: MatchKind, number: str, score: float, *says: str) -> Match:
    """An earlier lead, with its evidence in falling weight."""
    evidence = tuple(Evidence(field="any", says=said, weight=9.0 - place) for place, said in enumerate(says))
    return Match(lead_id=f"id-{number}", number=number, kind=kind, score=score, evidence=evidence)


def event(what: str, *, actor: str = "U0ANA", why: str | None = None) -> Event:
    """A line of the history."""
    return Event(event_id=f"e-{what}", lead_id="l", at=RECEIVED, actor=actor, what=what, why=why, told=True)


HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<@U0123ABC>",
    "<#C0123ABC>",
    "<!subteam^S012>",
    "<https://evil.example/x|click me>",
    "<mailto:a@b.example|pay here>",
    "https://evil.example",
    "www.evil.example",
    "@channel @here",
    "#general",
    "*bold* _it_ ~no~ `code` ```block```",
    "> quoted\n>>> all of it",
    ":rotating_light: :fire:",
    "&lt;!channel&gt; &amp; &",
    "<script>alert(1)</script>",
    "nul\x00bell\x07esc\x1b[31m",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200e\u200f\ufeff",
    "Z\u0334\u0335\u0336\u0337\u0338\u0339algo",
    "\u3164\u2800",
    "\ud83d",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "line\u2028sep\r\nend\x85",
]

foreign = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=6).map(" ".join),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
)
"""Anything a stranger can type."""


def _long(most: int) -> st.SearchStrategy[str]:
    """Foreign text that reaches its full length now and then."""
    repeated = st.builds(lambda text, times: (text * times)[:most], foreign, st.sampled_from([1, 40, most]))
    return st.one_of(foreign.map(lambda text: text[:most]), repeated)


_field = st.none() | _long(300)
_more = st.lists(_long(300), max_size=3).map(tuple)
_entity = st.builds(Entity, value=_long(200), quote=_long(200))
_unit = st.floats(0, 1)
_evidence = st.builds(Evidence, field=st.just("name"), says=_long(200), weight=st.floats(-10, 10))
_number = st.integers(1, 9_999_999).map(lambda n: f"L-{n}")

analyses = st.builds(
    Analysis,
    wants=_long(80),
    intent=st.sampled_from(Intent),
    sub_intent=st.none() | _long(60),
    intent_confidence=_unit,
    urgency=st.sampled_from(Urgency),
    urgency_score=_unit,
    urgency_confidence=_unit,
    urgency_reason=_long(400),
    entities=st.dictionaries(
        st.sampled_from(["dates", "timing", "services", "body_areas", "vehicle_info"]),
        st.lists(_entity, max_size=3).map(tuple),
        max_size=4,
    ),
    quality_score=st.integers(0, 100),
    quality_reasons=st.lists(_long(200), max_size=3).map(tuple),
    topics=st.just(()),
    summary=_long(500),
    business_insights=st.dictionaries(st.sampled_from(["customer_type"]), _long(60)),
    model_used=st.sampled_from(["rules", "qwen3:4b"]) | foreign,
    prompt_digest=st.just("d"),
    processing_time=st.just(1.0),
    analyzed_at=st.just(RECEIVED),
)

leads = st.builds(
    Lead,
    lead_id=st.uuids().map(str),
    number=_number,
    status=st.sampled_from(Status),
    desk_status=st.sampled_from(DeskStatus),
    business_type=st.just("general"),
    desk=st.just("C0DESK"),
    source=st.sampled_from(["web_form", "typeform", "unknown"]) | foreign,
    contact=st.builds(
        Contact,
        first_name=_field,
        last_name=_field,
        email=_field | st.just("first.last+tag@mail.example.co.uk"),
        phone=_field | st.sampled_from(["+14155550123", "(415) 555-0123", "00 44 20 7946 0958 ext 9"]),
        company=_field,
    ),
    also=st.builds(Also, emails=_more, phones=_more, names=_more, companies=_more),
    message=_long(MESSAGE_MAX).filter(bool),
    custom_fields=st.dictionaries(_long(50), _long(200), max_size=4),
    analysis=st.none() | analyses,
    matches=st.lists(
        st.builds(
            Match,
            lead_id=st.just("m"),
            number=_number,
            kind=st.sampled_from(MatchKind),
            score=_unit,
            evidence=st.lists(_evidence, max_size=4).map(tuple),
        ),
        max_size=8,
    ).map(tuple),
    owner=st.none() | st.just("U0ANA"),
    owner_reason=st.none() | _long(100),
    merged_number=_number,
    crm=st.sampled_from(
        [
            Crm(),
            Crm(status=SyncStatus.FAILED, why="Airtable: " + "the token may not do this, " * 9),
            Crm(status=SyncStatus.SUCCESS, record_id="rec1", why="Intent, Source"),
        ]
    ),
    missing=st.dictionaries(st.sampled_from(Part), _long(300)),
    received_at=st.just(RECEIVED),
    created_at=st.just(RECEIVED),
    updated_at=st.just(RECEIVED),
    version=st.integers(1, 10_000),
)
"""Every lead there can be."""

clocks = st.none() | st.builds(
    Clock,
    started_at=st.just(RECEIVED),
    due_at=st.timedeltas(timedelta(days=-9), timedelta(days=9)).map(lambda ahead: NOW + ahead),
    stopped_at=st.none() | st.just(NOW),
    took=st.timedeltas(timedelta(), timedelta(days=90)),
)
"""Every clock a card can show."""
