"""What is kept, on SQLite or PostgreSQL: submissions, leads, people, history, posts, waits, turns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.store.answers import Answers
from core.store.api_keys import ApiKeys
from core.store.assignments import Assignments
from core.store.clocks import Clocks
from core.store.conversations import Conversations
from core.store.crm_links import CrmLinks
from core.store.database import Database
from core.store.erasures import Erasures
from core.store.events import Events
from core.store.hooks import Hooks
from core.store.kept import Kept
from core.store.labels import Labels
from core.store.leads import Leads
from core.store.merges import Merges
from core.store.notices import KeptNotices
from core.store.people import People
from core.store.places import Places
from core.store.posts import Posts
from core.store.questions import Questions
from core.store.queues import Queues
from core.store.register import Register
from core.store.reports import Reports
from core.store.reps import Reps
from core.store.routings import Routings
from core.store.shapes import Shapes
from core.store.signing_keys import SigningKeys
from core.store.sketches import Sketches
from core.store.submissions import Submissions
from core.store.waiting import WaitingParts
from core.store.workload import Workload

__all__ = ["Database", "Store", "open_store", "opened"]


@dataclass(frozen=True)
class Store:
    """The open store, a table group a field."""

    database: Database
    submissions: Submissions
    leads: Leads
    people: People
    merges: Merges
    events: Events
    posts: Posts
    clocks: Clocks
    waiting: WaitingParts
    sketches: Sketches
    labels: Labels
    answers: Answers
    queues: Queues
    questions: Questions
    erasures: Erasures
    reps: Reps
    workload: Workload
    assignments: Assignments
    routings: Routings
    notices: KeptNotices
    places: Places
    reports: Reports
    kept: Kept
    shapes: Shapes
    crm: CrmLinks
    conversations: Conversations
    register: Register
    api_keys: ApiKeys
    hooks: Hooks
    signing_keys: SigningKeys

    async def close(self) -> None:
        """Give all connections back."""
        await self.database.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator["Store"]:
    """The store for a while."""
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.close()


async def open_store(url: str) -> Store:
    """Open (create, migrate) the store at ``sqlite:///file`` or ``postgresql://…``."""
    database = await Database.open(url)
    people = People(database)
    return Store(
        database,
        Submissions(database),
        Leads(database),
        people,
        Merges(database),
        Events(database),
        Posts(database),
        Clocks(database),
        WaitingParts(database),
        Sketches(database),
        Labels(database),
        Answers(database),
        Queues(database),
        Questions(database),
        Erasures(database, people),
        Reps(database),
        Workload(database),
        Assignments(database),
        Routings(database),
        KeptNotices(database),
        Places(database),
        Reports(database),
        Kept(database),
        Shapes(database),
        CrmLinks(database),
        Conversations(database),
        Register(database),
        ApiKeys(database),
        Hooks(database),
        SigningKeys(database),
    )
