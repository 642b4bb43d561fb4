"""Have we seen this before? Three honest answers, or a question to a person; pure."""

from core.dedupe.decide import Answer, Candidate, Decision, Odds, decide, may_matter, odds
from core.dedupe.request import Request, Sameness, sameness

__all__ = [
    "Answer",
    "Candidate",
    "Decision",
    "Odds",
    "Request",
    "Sameness",
    "decide",
    "may_matter",
    "odds",
    "sameness",
]
