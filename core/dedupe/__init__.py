"""Have we seen this before? Three honest answers, or a question to a person; pure."""

from core.dedupe.decide import Candidate, Decision, decide
from core.dedupe.request import Request, Sameness, sameness

__all__ = ["Candidate", "Decision", "Request", "Sameness", "decide", "sameness"]
