"""Vendors whose webhooks are read as they are, by the name of their source; one small module each."""

from collections.abc import Mapping

from handlers.web.senders.calendly import CALENDLY
from handlers.web.senders.facebook import FACEBOOK
from handlers.web.senders.google_ads import GOOGLE_ADS
from handlers.web.senders.gravity_forms import GRAVITY_FORMS
from handlers.web.senders.hubspot import HUBSPOT
from handlers.web.senders.sender import Delivery, Incoming, Sender
from handlers.web.senders.tally import TALLY
from handlers.web.senders.typeform import TYPEFORM
from handlers.web.senders.webflow import WEBFLOW
from handlers.web.senders.wufoo import WUFOO

__all__ = ["SENDERS", "Delivery", "Incoming", "Sender", "sender_of"]

SENDERS: Mapping[str, Sender] = {
    "calendly": CALENDLY,
    "facebook": FACEBOOK,
    "google_ads": GOOGLE_ADS,
    "gravity_forms": GRAVITY_FORMS,
    "hubspot": HUBSPOT,
    "tally": TALLY,
    "typeform": TYPEFORM,
    "webflow": WEBFLOW,
    "wufoo": WUFOO,
}


def sender_of(source: str) -> Sender | None:
    """The vendor of ``typeform`` or, with several accounts, ``typeform-spa``; None: anybody else."""
    return SENDERS.get(source.replace("-", "_")) or SENDERS.get(source.partition("-")[0])
