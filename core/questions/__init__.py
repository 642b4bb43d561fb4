"""Questions over the leads: read from people's words by rules or a model, answered from the store alone."""

from core.questions.found import Found, find
from core.questions.query import Query
from core.questions.read import QUESTION_MAX, read

__all__ = ["QUESTION_MAX", "Found", "Query", "find", "read"]
