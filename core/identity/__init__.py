"""Who stands behind a lead: contacts brought to one form, looked up by keys, compared field by field.

Pure; the store keeps profiles and keys (core.store.people), core.dedupe decides.
"""

from core.identity.clusters import clusters
from core.identity.compare import Comparison, Shared, ceiling, compare
from core.identity.keys import keys
from core.identity.profile import Profile, profile_of
from core.identity.weights import SHIPPED, Weights

__all__ = [
    "SHIPPED",
    "Comparison",
    "Profile",
    "Shared",
    "Weights",
    "ceiling",
    "clusters",
    "compare",
    "keys",
    "profile_of",
]
