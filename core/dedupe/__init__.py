"""Have we seen this before? Three honest answers, or a question to a person; pure."""

from core.dedupe.decide import Answer, Candidate, Decision, decide, may_matter
from core.dedupe.request import Request, Sameness, sameness

__all__ = ["Answer", "Candidate", "Decision", "Request", "Sameness", "decide", "may_matter", "sameness"]
