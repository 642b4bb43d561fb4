"""Two sides of one record compared with what both were when they last agreed; pure.

Of each cell three things are known: what we want it to be (the lead today), what it is (the record today),
and what both were then. A cell that is not as we want it is written, taken over, or asked about: the mapping
says whose it is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pydantic import Field

from core.crm.cells import same
from core.crm.mapping import MERGE_FIELD, FieldMapping, Owner
from core.lead import Value

Cells = Mapping[str, Any]
"""Field name -> cell, JSON-ready; None or absent: empty."""


class Question(Value):
    """What somebody has to decide about a record.

    Attributes:
        id: of these very contents, so that an answer is never taken for one to another question.
        gone: the record was deleted there.
        cells: else the fields that both sides changed -> (ours, theirs).
    """

    id: str
    gone: bool = False
    cells: Mapping[str, tuple[Any, Any]] = Field(default_factory=dict)


class Link(Value):
    """What a lead and its record were when they last agreed.

    Attributes:
        ours, theirs: what we wanted the cells to be, and what they were in the record; a cell that is in
            neither was never compared.
        question: what is being asked.
        left_out: the record was deleted, and somebody said that it shall stay so.
    """

    ours: Mapping[str, Any] = Field(default_factory=dict)
    theirs: Mapping[str, Any] = Field(default_factory=dict)
    question: Question | None = None
    left_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do so that both sides agree.

    Attributes:
        write: cells to send.
        take: path -> the cell that people there changed, for the lead.
        link: what is agreed once that is done, with the question that is left.
    """

    write: Cells
    take: Mapping[str, Any] = field(default_factory=dict)
    link: Link


def reconcile(wanted: Cells, mapping: FieldMapping, link: Link, row: Cells | None) -> Plan:
    """The plan for one lead.

    Args:
        wanted: as to_fields gives it; a field that is not in it is left alone.
        mapping: says whose each cell is.
        link: of the last time; Link() if there was none.
        row: the record's cells now; None: there is no record.
    """
    if row is None:
        cells = {name: value for name, value in wanted.items() if value is not None}
        return Plan(write=cells, link=Link(ours=dict(wanted), theirs={n: cells.get(n) for n in wanted}))
    write: dict[str, Any] = {}
    take: dict[str, Any] = {}
    asked: dict[str, tuple[Any, Any]] = {}
    ours, theirs = dict(link.ours), dict(link.theirs)
    for column in mapping.columns:
        name = column.field
        if name not in wanted or name == MERGE_FIELD:
            continue
        want, has = wanted[name], row.get(name)
        match _decide(column.owner, name, want, has, link):
            case Verdict.ASK:
                asked[name] = (want, has)
                continue
            case Verdict.WRITE:
                write[name] = want
            case Verdict.TAKE:
                take[column.path] = has
        ours[name], theirs[name] = want, write.get(name, has)
    question = question_about(asked) if asked else None
    return Plan(write=write, take=take, link=Link(ours=ours, theirs=theirs, question=question))


class Verdict(Enum):
    """What to do with one cell."""

    AGREE = auto()
    WRITE = auto()
    TAKE = auto()
    ASK = auto()


def _decide(owner: Owner, name: str, want: Any, has: Any, link: Link) -> Verdict:
    """Whose word counts; a cell that was never compared counts as changed by both."""
    we = name not in link.ours or not same(want, link.ours[name])
    they = name not in link.theirs or not same(has, link.theirs[name])
    empty_at_first = same(has, None) and name not in link.theirs
    if same(want, has) or not (we or they):
        return Verdict.AGREE
    if owner == Owner.OURS or (owner == Owner.NEWEST and not they):
        return Verdict.WRITE
    if owner == Owner.THEIRS:
        if empty_at_first:
            return Verdict.WRITE
        return Verdict.TAKE if they and name in link.theirs else Verdict.AGREE
    if not we or same(want, None):
        return Verdict.TAKE
    return Verdict.WRITE if empty_at_first else Verdict.ASK


def question_about(cells: Mapping[str, tuple[Any, Any]]) -> Question:
    """The question whether ours or theirs shall be kept; no cells: what becomes of a deleted record."""
    told = json.dumps(cells, sort_keys=True, default=str)
    made = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Question(id=made, gone=not cells, cells=cells)


def answered(link: Link, *, keep_ours: bool) -> Link:
    """The link once its question has an answer: of the side that is kept, the next plan sees a change."""
    asked = link.question
    if asked is None:
        return link
    if asked.gone:
        return Link(left_out=not keep_ours)
    ours = {name: value for name, value in link.ours.items() if name not in asked.cells}
    theirs = {name: value for name, value in link.theirs.items() if name not in asked.cells}
    if keep_ours:
        theirs |= {name: there for name, (_, there) in asked.cells.items()}
    else:
        ours |= {name: here for name, (here, _) in asked.cells.items()}
    return Link(ours=ours, theirs=theirs)


def wants_the_same(wanted: Cells, link: Link) -> bool:
    """Whether on our side nothing changed since both agreed."""
    known = link.ours.keys() & link.theirs.keys()
    return all(
        name in known and same(value, link.ours[name])
        for name, value in wanted.items()
        if name != MERGE_FIELD
    )
