"""How people ask for things in any trade: ways of saying each intent, each with its weight in log units.

A trade's own words live in its file in prompts/. Patterns read lower-case text with straight apostrophes; each
starts at a word.
"""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from collections.abc import Mapping

from core.lead import Intent

_MY = r"(?:my|the|our) (?:\w+ )?"
_BOOKABLE = (
    r"(?:appointment|table|room|reservation|visit|consultation|meeting|call|session|hotel|flight|slot|time|demo"
    r"|lesson|ride)"
)
_ON_FILE = (
    r"(?:appointment|booking|reservation|order|subscription|flight|address|account|plan|visit|delivery|phone|name"
    r"|pin|password|email)"
)

_WAYS: Mapping[Intent, Mapping[float, tuple[str, ...]]] = {
    Intent.QUOTE_REQUEST: {
        3: (
            r"how much (?:is|are|do|does|did|would|will|to|for|it|you)\b",
            r"how expensive\b",
            r"what (?:do|does|would|will|did) \w+(?: \w+)? (?:cost|charge|run)\b",
            r"what(?:'s| is| are)(?: the| your)? (?:prices?|costs?|rates?|fees?|pricing|charges?)\b",
        ),
        2.5: (
            (
                r"(?:quote|quotation|estimate|price list|pricing(?! (?:study|strategy|model|analysis|review|project))"
                r"|ballpark|proposal|rfp|day rate|hourly rate)\b"
            ),
        ),
        2: (
            r"(?:fees?|surcharges?|discounts?|hidden costs?|extra charges?|additional (?:charge|cost|fee)s?)\b",
            r"(?:cost of|costs? (?:me|to|for))\b",
            r"(?:charged?|charging) (?:me )?(?:a |an |extra|for|if|when|to)\b",
            r"do (?:you|they) charge\b",
        ),
        1: (r"(?:prices?|costs?|charge|expensive|cheap\w*|affordable)\b",),
    },
    Intent.APPOINTMENT_REQUEST: {
        2.5: (
            rf"(?:book|schedule|reserve|set up|arrange|make) (?:me |us |in )?(?:an? |the |my )?(?:\w+ )?{_BOOKABLE}\b",
        ),
        2: (
            r"(?:like|want|need|can i|could i|can we|could we|please|help me)(?: to)? (?:book|reserve|schedule)\b",
            r"(?:like|want|need|can i|could i|can we|could we)(?: to)? (?:come in|bring (?:it|my)|rent an?)\b",
            r"(?:like|want|need)(?: to)? see (?:a|the|dr|you)\b",
            r"(?:book|squeeze|fit|get) (?:me|us|my \w+) in\b",
            r"need (?:an? )?(?:appointment|reservation|room|table|taxi|ride)\b",
        ),
        1.5: (
            r"(?:appointment|reservation for|table for|availability)\b",
            r"(?:openings?|earliest (?:slot|date|time)|available (?:on|this|next|tomorrow|today))\b",
            r"come (?:in|by|over) (?:on|this|next|tomorrow|today|and)\b",
            r"drop (?:it|my \w+|him|her) off\b",
        ),
        1.2: (
            r"can (?:you|someone|somebody|anyone) (?:come|fix|repair|look at|check|replace|see me|install|send)\b",
            (
                r"needs? (?:it |them |to (?:get|have) )?(?:my |the |a |new )?(?:\w+ )?"
                r"(?:fixed|repaired|serviced|replaced|looked at|checked|installed|changed|done)\b"
            ),
            r"(?:looking|hoping) to (?:book|schedule|get)\b",
        ),
        0.9: (
            r"(?:i|we) (?:need|want|would like|require) (?:an?|my|to|some(?:one|body)) ",
            r"i'd like (?:an?|to)\b",
            r"(?:get|find|order|book|reserve|schedule) (?:me |us )?(?:an?|the|my)\b",
        ),
    },
    Intent.SUPPORT: {
        4: (
            r"(?:cancel|reschedule|postpone) (?:my|our|the|this|next|tomorrow|today|on|it|for)\b",
            r"(?:push|move|switch|bump) (?:it|my|our|the)\b[^.?!]{0,40}\b(?:to|back|until|another|later|different|up)\b",
        ),
        2.5: (
            rf"(?:cancel|reschedule|change|move|postpone|confirm|modify|update) {_MY}{_ON_FILE}\b",
            r"(?:close|delete|reset|unlock|activate) (?:my|the) \w+\b",
            (
                r"(?:has|have|did|is|are|was|were) (?:the|my|our|your)\b[^.?!]{0,60}\b(?:yet|gone? through|approved|ready"
                r"|done|finished|arrived?|come in|shipped|processed|received|confirmed)\b"
            ),
            (
                r"(?:to|on|in|of|from|with|change|update|add) (?:my|our) (?:\w+ )?(?:booking|reservation|order|appointment"
                r"|account|contract|subscription|membership|policy|plan|file|project)\b"
            ),
        ),
        2: (
            r"(?:status of|track|tracking|where(?: is|'s) my|when will my|has my|still (?:pending|processing))\b",
            r"is my (?:\w+ )?(?:ready|order|car|package|appointment|flight)\b",
            r"(?:pending|not (?:yet )?(?:arrived|received|showing)|hasn't (?:arrived|shown|come))\b",
            r"when (?:will|is|are) (?:the|my|our|your)\b|when can (?:i|we) expect\b",
            r"(?:have|has|did) (?:you|anyone|anybody|somebody|they) (?:heard|receive[d]?|get|got|gotten|find|found)\b",
            r"(?:do i|i) (?:still )?have left\b|(?:is|are) left (?:on|in)\b",
            r"(?:another|a different) (?:day|time|date)\b|(?:can't|cannot|won't be able to) (?:make (?:it|my|our|the)|come)\b",
            r"(?:the|that|which) \w+(?: \w+)? (?:you|your \w+) (?:texted|sent|gave|e-?mailed|mailed|shared|told)\b",
            r"(?:i|we) (?:have )?(?:just |already )?(?:ordered|booked|bought|uploaded|submitted|signed up|dropped (?:it|my \w+) off)\b[^!]{0,80}\?",
            r"i(?:'ve| have| had)? (?:already )?(?:have|had|got) (?:an|my) (?:\w+ )?(?:appointment|booking|reservation|session)\b",
            r"(?:i'm|i am|we are|we're) (?:a|an|already) (?:current|existing|longtime|long-time)?[ ]?(?:member|customer|client|patient)s?\b",
            r"since (?:you|your \w+) \w+ed\b|you (?:just )?(?:installed|set up|gave|sent|shared) (?:me|us|last|it|yesterday)\b",
        ),
        1.5: (
            r"how (?:do|can) i (?:change|reset|cancel|return|set up|activate|update|get a copy|log ?in|access)\b",
            r"(?:log ?in|password|can't (?:log|access|find)|cannot (?:log|access)|resend|a copy of|aftercare)\b",
            r"return (?:it|this|an item)\b",
            r"i already (?:have|booked|paid|ordered)\b",
            r"call me by\b",
        ),
        1: (
            r"my (?:order|account|booking|reservation|subscription|request|claim|invoice|delivery|refund)\b",
            r"my (?:appointment|pin|password|transfer)\b",
            r"(?:status|not showing|already|system is down|how long (?:will|until|before))\b",
            r"(?:need|want|get) help\b",
            r"help (?:me |us )?with\b",
        ),
    },
    Intent.COMPLAINT: {
        2.5: (
            r"(?:complain(?:t|ts|ing)?|unacceptable|terrible|horrible|awful|worst|rude|ripped off|scam(?:med)?)\b",
            r"(?:disgusted|furious|never again|money back|unprofessional|fed up|ridiculous|bad review)\b",
            r"(?:disappoint(?:ed|ing)|dissatisfied|not (?:happy|satisfied)|unhappy|lawyer|attorney|manager)\b",
        ),
        2: (
            r"(?:stolen|fraud\w*|hacked|unauthori[sz]ed|without my (?:permission|consent)|don't recogni[sz]e)\b",
            r"did(?:n't| not) (?:make|authori[sz]e)\b",
            r"(?:declined|rejected|refused|denied|blocked|frozen|overcharged)\b",
            r"(?:charged|billed) (?:me )?(?:twice|double|the wrong)\b",
            r"wrong (?:amount|item|size|order|product|rate|exchange rate)\b",
            r"lost (?:my )?(?:luggage|bag|package|card)\b",
            r"(?:worse (?:than|after|since)|was quoted|were quoted|never agreed|not what (?:i|we) (?:paid|asked|ordered)|for nothing)\b",
            r"(?:billed|charged) [^.?!]{0,30}\btwice\b|not paying\b|who is going to pay\b",
            r"(?:nobody|no one|never) (?:told|ever|got back|gets back|came|returned|calls?)\b",
            r"(?:i|we) (?:already )?paid\b[^.?!]{0,60}\b(?:nobody|nothing|never|no one|still|not)\b",
            r"(?:third|second|fourth|3rd|2nd) time\b[^.?!]{0,60}\b(?:cancel\w*|same|again|you|i)\b",
            r"you sold me\b|(?:took|broke|ruined|scratched|damaged|burned|botched|wrecked) (?:my|our|the)\b",
        ),
        1.5: (
            r"(?:doesn't|does not|didn't|did not|won't|isn't|not|never) (?:work|show|fix|respond|answer|call(?:ed)? back)",
            r"(?:broken|damaged|defective|ruined|leaking again|still (?:broken|waiting|not))\b",
            r"(?:no one|nobody) (?:called|came|showed|answers?)\b",
            r"(?:same (?:problem|issue)|came back|again after)\b",
        ),
        1: (
            r"why (?:was|is|has|did|were|won't|can't)\b",
            r"what(?:'s| is) (?:wrong|going on)\b",
            r"(?:problem with|something (?:is )?wrong|mistake|error|lost|missing)\b",
            r"never (?:got|received|arrived)\b",
            r"too (?:long|late|slow)\b",
        ),
    },
    Intent.INQUIRY: {
        1.5: (
            r"do you (?:offer|have|do|accept|take|work|carry|sell|provide|serve|use|know)\b",
            r"(?:are you open|opening hours|what time do you|where are you|interested in|looking for)\b",
            r"(?:more information|information (?:about|on)|tell me (?:more )?about|learn more|like to know)\b",
            r"(?:curious|wondering (?:if|whether|what|how))\b",
            r"(?:do|does|are|is|can|could|would) (?:you|your|they|the|it|there|this)\b[^.?!]{0,80}\?",
            r"(?:what|which|where|who|when|how (?:long|many|often|far|does|do)) [^.?!]{3,100}\?",
        ),
    },
    Intent.GENERAL: {
        1.5: (
            r"(?:tell me a joke|fun fact|meaning of life|flip a coin|roll (?:a|the) dic?e|next song)\b",
            r"(?:play (?:some )?music|set an? (?:timer|alarm)|are you an? (?:bot|robot|human)|are you real)\b",
            r"(?:how are you|nice (?:to|talking)|how do you spell|weather|your name)\b",
        ),
    },
}

_ABROAD: Mapping[Intent, Mapping[float, tuple[str, ...]]] = {
    # The commonest ways in German, French, Spanish, Italian, Portuguese and Dutch.
    Intent.QUOTE_REQUEST: {
        3: (
            r"(?:wie ?viel kostet|was kostet|wie teuer|kostenvoranschlag|angebot|preis(?:e|liste)?|combien co[uû]te|combien|devis|tarifs?)\b",
            r"(?:cu[aá]nto (?:cuesta|vale|sale|cobran)|presupuesto|precios?|quanto (?:costa|custa|viene)|preventivo|or[çc]amento|pre[çc]os?|prezz[io]|hoeveel kost|wat kost|offerte)\b",
        ),
    },
    Intent.APPOINTMENT_REQUEST: {
        2.5: (
            r"(?:termin|rendez-vous|rdv|cita|appuntamento|afspraak|consulta|visita|prenotar\w*|reservar|r[eé]server|reservieren|buchen|vorbeikommen|agendar|marcar|boeken)\b",
        ),
    },
    Intent.SUPPORT: {
        3.5: (
            r"(?:stornieren|absagen|verschieben|umbuchen|annuler|reporter|d[eé]placer|cancelar|anular|aplazar|annullare|disdire|spostare|desmarcar|annuleren|verzetten)\b",
        ),
        2: (
            r"(?:meine? (?:bestellung|rechnung|paket)|ma commande|ma facture|mi pedido|mi factura|il mio ordine|meu pedido|mijn bestelling)\b",
        ),
    },
    Intent.COMPLAINT: {
        3: (
            r"(?:beschwer\w+|unversch[aä]mt|unzufrieden|geld zur[uü]ck|kaputt gegangen|r[eé]clamation|inadmissible|rembours\w+|queja|reclamo|inaceptable|devoluci[oó]n|reclam[oa]|inaccettabile|rimborso|reclama[çc][aã]o|reembolso|klacht|schandalig)\b",
        ),
    },
    Intent.INQUIRY: {
        1.5: (
            r"(?:bieten sie|haben sie|machen sie|[oö]ffnungszeiten|proposez-vous|faites-vous|horaires?|ofrecen|tienen|hacen|horario|offrite|avete|fate|orari|oferecem|voc[eê]s (?:t[eê]m|fazem)|hor[aá]rio|bieden jullie|hebben jullie|openingstijden)\b",
        ),
    },
}

_OPENING = r"^\W*(?:(?:hi|hello|hey|dear \w+|good \w+)(?: there)?\W+)?"
_WHOLE: Mapping[Intent, Mapping[float, tuple[str, ...]]] = {
    # These look at how the message starts, or at all of it.
    Intent.INQUIRY: {
        0.9: (_OPENING + r"(?:is|are|do|does|can|could|will|would|what|what's|which|where|who|when|how)\b",),
    },
    Intent.GENERAL: {
        2.5: (
            (
                r"^\W*(?:hi|hello|hey|hiya|good (?:morning|evening|afternoon|day)|bonjour|hola|hallo|thanks?|thank you"
                r"|thx|ty|bye|goodbye|ok|okay|yes|no|test|testing|cheers)"
                r"(?: (?:so much|very much|a lot|again|everyone|all|there|team|you))*\W*$"
            ),
        ),
    },
}

PATTERNS: tuple[tuple[Intent, float, re.Pattern[str]], ...] = tuple(
    (intent, weight, re.compile(start + "(?:" + "|".join(ways) + ")"))
    for start, listed in ((r"\b", _WAYS), (r"\b", _ABROAD), ("", _WHOLE))
    for intent, weights in listed.items()
    for weight, ways in weights.items()
)
"""Intent, weight, pattern. Of an intent's patterns that match, the heaviest counts."""
