"""The tables, one schema for SQLite and PostgreSQL; migrations/ brings a database to it."""

from core.store.tables.base import FIRST_NUMBER, UtcDateTime, metadata
from core.store.tables.crm import call_slots, crm_links, crm_marks, local_crm
from core.store.tables.desks import (
    assignments,
    bursts,
    clocks,
    notices,
    paces,
    places,
    posts,
    rep_settings,
    rule_revisions,
    turns,
)
from core.store.tables.doors import api_keys, hook_calls, hooks, shapes, signing_keys, submissions
from core.store.tables.leads import analyses, answers, erasures, labels, lead_events, leads, vectors, waiting
from core.store.tables.people import links, match_answers, matches, merges, person_keys, profiles
from core.store.tables.talks import conversations, early_turns, talk_turns

__all__ = [
    "FIRST_NUMBER",
    "UtcDateTime",
    "analyses",
    "answers",
    "api_keys",
    "assignments",
    "bursts",
    "call_slots",
    "clocks",
    "conversations",
    "crm_links",
    "crm_marks",
    "early_turns",
    "erasures",
    "hook_calls",
    "hooks",
    "labels",
    "lead_events",
    "leads",
    "links",
    "local_crm",
    "match_answers",
    "matches",
    "merges",
    "metadata",
    "notices",
    "paces",
    "person_keys",
    "places",
    "posts",
    "profiles",
    "rep_settings",
    "rule_revisions",
    "shapes",
    "signing_keys",
    "submissions",
    "talk_turns",
    "turns",
    "vectors",
    "waiting",
]
