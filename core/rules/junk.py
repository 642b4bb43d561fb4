"""How much a message looks like spam or a sales pitch: a score for the quiet lane, never a verdict."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from collections.abc import Mapping

READ = 3_000
"""Characters of a message that are looked at: junk shows itself at the start."""

_GIVEN_AWAY = (
    r"(?:ringtones?|tones?|entry|msg|mins?|minutes|texts?|camera|camcorder|nokia|phone|handset|spins|gift card|iphone"
    r"|holiday|vouchers?|pics?)"
)
_SOLD = r"(?:services?|solutions?|leads|staff|websites?|apps?|software|lists?|products|rates?|developers|loans?|funding)"
_THEIR_CLIENTS = (
    r"(?:businesses|companies|brands|clients|owners|firms|clinics|shops|dealers\w*|spas|agencies)"
)
_GROWN = r"(?:revenue|sales|traffic|leads|business|reviews?|visibility|conversions?|followers|bookings|clients|customers)"

# Pattern lists by how sure one hit makes us; each starts at a word. Families: premium-rate and prize texts, chat
# lines, pills, gambling, advance fees, phishing.
_SPAM: Mapping[float, tuple[str, ...]] = {
    0.6: (
        r"(?:txt|text|send|reply)\b[^.!?\n]{0,30}\b(?:to|2) (?:no:? ?)?\d{4,6}\b",
        r"(?:call|dial|ring|fone|fne)\b[^.!?\n]{0,40}\b0[89]\d{7,9}\b",
        r"\d{1,3}(?:\.\d{1,2})? ?p ?(?:/|per|a|p)? ?(?:m|min|msg|mt|wk|txt|text|sms|day)\b",
        r"(?:1\.50|150) ?(?:ppm|p\b|/)",
        r"(?:won|win|winners?|award(?:ed)?)\b[^.?\n]{0,80}(?:\b(?:prize|cash|award|reward|voucher|holiday|bonus|claim)\b|[£$€])",
        r"(?:xxx|sexy|porn|horny|naughty|babes?|hardcore|secret admirer|live sex|sugar daddy)\b",
        r"hot (?:girls|singles|babes|gay)\b|singles in your area|adult (?:chat|dating|videos?)\b",
        r"(?:inheritance|next of kin|beneficiary|late client|diplomat|barrister|widow|consignment)\b[^?]{0,160}\b(?:million|funds?|transfer|usd|dollars|euros?|donate)\b",
        r"\d[\d.,]* ?(?:million|m) ?(?:dollars|usd|euros?|pounds|gbp)\b[^?]{0,80}\b(?:charity|transfer|share|partner|donate|beneficiary)\b",
        r"(?:package|parcel|shipment|delivery)\b[^?\n]{0,80}\b(?:fee|customs|redeliver\w*|held|on hold)\b[^?]{0,60}(?:https?:|www\.|link|click|here)",
        r"(?:account|subscription|card|wallet|mailbox|profile)\b[^?\n]{0,40}\b(?:suspended|locked|limited|on hold|deactivated|restricted|expires?)\b[^?]{0,80}(?:https?:|www\.|link|click|verify|sign in|log in|confirm|update your)",
        r"tax refund\b[^?]{0,80}(?:card|bank|link|click|claim|submit)|bank details to\b|full name and (?:bank|account)\b",
        r"(?:boxes|trunks?|large sum|consignment) of (?:cash|money|gold|funds)\b|(?:deployed|stationed) (?:abroad|in|to)\b[^?]{0,80}\b(?:cash|money|funds?|gold|trust)\b",
        r"\d+(?:\.\d+)? ?% (?:per|a|each|every) (?:day|week|month)\b|\d+(?:\.\d+)?% (?:daily|weekly)\b|(?:2|3|5|10)x in \d+ (?:days|weeks|hours)\b|zero risk\b|usdt\b",
        r"airdrop\b|connect your wallet\b|(?:seed|recovery) phrase\b|(?:bitcoin|btc|eth|usdt)\b[^.?\n]{0,40}\b(?:free|bonus|instantly|guaranteed|daily)\b",
        r"(?:real|instagram|tiktok|youtube|facebook) (?:\w+ )?(?:followers|likes|subscribers)\b[^?\n]{0,40}(?:[$€£]|\bcheap|\bbuy)",
        r"(?:penis|enlarge\w*|inches (?:in|longer)|erection|keto (?:trick|gummies)|lose \d+ ?(?:lbs?|pounds|kg)\b[^.?]{0,20}\bin \d)",
        r"(?:payday|instant|quick|fast) (?:\w+ )?(?:loans?|cash)\b[^?]{0,60}\b(?:apply|approv\w*|no (?:credit|checks?)|bad credit|minutes)\b|bad credit\b",
    ),
    0.5: (
        r"0(?:87|90)\d{7,8}\b|0[89]00 ?\d{3} ?\d{3,4}\b",
        r"(?:claim|collect|collection)\b[^.?\n]{0,40}\b(?:prize|award|reward|bonus|now|code|voucher|ur|your)\b",
        r"congrat(?:ulation)?s\b[^.?\n]{0,80}\b(?:you|ur|u|selected|chosen|winner|won)\b",
        rf"(?:free|complimentary)\b[^.?\n]{{0,30}}\b{_GIVEN_AWAY}\b",
        r"(?:ringtones?|polyphonic|polys?|mobile content|txtauction)\b",
        r"(?:casino|jackpot|lottery|sweepstakes?|betting tips|free spins|prize draw)\b",
        r"(?:viagra|cialis|xanax|adderall|oxycodone|hydrocodone|tramadol|(?:no|without) (?:a |any )?(?:prescription|script|rx)|no rx|weight loss pills?|male enhancement)\b",
        r"(?:bitcoin|crypto\w*|forex|binary options)\b[^.?\n]{0,60}\b(?:profit|invest\w*|double|earn|returns?|trading)\b",
        r"double your (?:money|bitcoin|investment)\b",
        r"(?:hot|explosive|strong)[ -](?:stock|pick|buy|tip)\b|(?:nasdaq|ticker|otc) symbol\b|penny stocks?\b",
        r"charged \d{1,3} ?p\b|\d{1,2}p per\b",
        r"(?:earn|make)\b[^.?\n]{0,30}[£$€] ?\d[\d,]*[^.?\n]{0,30}\b(?:day|week|month|hour|home|online)\b",
        r"work from home\b[^.?\n]{0,40}\b(?:earn|income|guaranteed)\b",
        r"(?:verify|confirm|update)\b[^.?\n]{0,40}\b(?:account|identity|details|password|billing)\b[^.?\n]{0,60}(?:https?:|www\.|click|link)",
    ),
    0.4: (
        r"you(?:'ve| have)? (?:been )?(?:specially )?(?:selected|chosen|randomly)\b|u(?:'ve)? (?:have )?(?:been|bin)\b",
        r"(?:reply|text|txt|send) [\"']?(?:stop|yes|no|win|chat|end|claim|reveal)\b|opt[ -]?out\b|unsubscribed?\b",
        r"to stop\b[^.?\n]{0,20}\b(?:texts?|msgs?|send|reply)\b",
    ),
    0.3: (
        r"press (?:1|one|0|9)\b|warranty is about to\b|replicas?\b|(?:complete|take) (?:this|our|the) (?:\w+ )?survey\b|telegram\b|t\.me/",
        r"https?://\S+\.(?:top|xyz|click|info|biz|ru|cn|tk|icu|store|shop|online)\b|\b[\w-]+\.(?:top|xyz|click|biz|icu|tk)\b",
        r"click (?:here|the link|below|this link)\b|act (?:now|fast)\b|limited time\b|expires? (?:soon|today|in)\b",
        r"(?:book|order|buy|shop|apply|subscribe|download) now\b|[£€$]\d+[^.?\n]{0,20}\bcall 0\d|anonymous (?:sms|msgs?|messages)\b",
        r"final (?:notice|attempt|call)\b|100% (?:free|guaranteed)\b|risk[ -]free\b",
        r"t'?s? ?& ?c'?s?\b|ts?cs?\b|po ?box\b|(?:18|16) ?\+|over (?:18|16)\b",
        r"(?:guaranteed|valued)\b[^.?\n]{0,40}\b(?:prize|cash|award|customers?|loyal)\b|valid \d{1,3} ?h(?:ou)?rs\b",
        r"(?:ur|u r|2nite|4u|b4|wk|txts?|msgs?|mob|rcvd?|gr8)\b[^.?]{0,80}\b(?:free|win|call|reply|offer|prize)\b",
        r"(?:special|exclusive|customer loyalty|amazing)\b[^.?\n]{0,20}\b(?:offer|deal|discount)\b|half price\b",
    ),
}

_SOLICITATION: Mapping[float, tuple[str, ...]] = {
    0.6: (
        r"(?:seo|search engine optimi[sz]ation|backlinks?|link[ -]building|domain authority|guest post\w*)\b",
        r"sponsored (?:post|article)\b",
        r"(?:first|top|1st) page (?:of|on) google\b|rank(?:ing)?s? (?:higher|#?1|number one)\b|(?:google|search) rankings?\b",
        rf"(?:we|i|our (?:team|agency|company|firm))\b[^.?!\n]{{0,50}}\b(?:helps?|helped|assist|work with)\b[^.?!\n]{{0,50}}\b{_THEIR_CLIENTS}\b",
        rf"(?:we|our (?:company|agency|team|firm)|i) (?:can |could )?(?:offer|provide|deliver|sell|supply|develop|design)\b[^.?!\n]{{0,80}}\b{_SOLD}\b",
        r"(?:pre[ -]?(?:approved|qualified)|working capital|merchant cash|unsecured loan)\b",
        r"business (?:loans?|funding|line of credit)\b|funding (?:within|in) \d|no collateral\b",
        r"we are an? (?:\w+ ){0,3}(?:manufacturer|supplier|factory|exporter|wholesaler|agency|software company|development company)\b|wholesale prices?\b",
        r"we (?:supply|manufacture|export|generate|buy houses|buy homes|specialize in helping|cut)\b",
        r"we (?:can )?(?:save|fund|finance|rent out|lease|sell) (?:\w+ ){0,4}(?:companies|firms|businesses|clinics|shops|machines|equipment|lists|\w+ companies)\b",
        r"sponsor(?:ed)? (?:content|an? (?:article|post))\b|permanent link\b|(?:fresh|exclusive|hot) (?:\w+ ){0,3}leads\b",
        r"(?:lower|cut|reduce|slash) your (?:\w+ ){0,3}(?:fees?|costs?|bills?|rates?|expenses|taxes)\b",
        r"(?:feature|list|nominate|include) (?:your|you)\b[^.?!]{0,60}\b(?:magazine|directory|awards?|podcast|listing)\b|nominated for\b[^.?!]{0,40}\baward",
        r"(?:dofollow|backlink|guest article|paid post|link insertion)\b|pay (?:you )?[$€£]?\d+ per (?:post|article|link)\b",
    ),
    0.5: (
        (
            r"(?:came across|visited|looking at|checked out|reviewing|browsing|stumbled (?:up)?on|found) your "
            r"(?:web ?site|site|profile|page|company|business|store|linkedin)\b"
        ),
        rf"(?:grow|increase|boost|double|scale|improve|skyrocket)\b[^.?!\n]{{0,20}}\byour\b[^.?!\n]{{0,20}}\b{_GROWN}\b",
        r"(?:email|contact|verified|targeted) (?:lists?|databases?|leads)\b|(?:lead generation|qualified leads)\b",
        r"(?:appointment setting|cold (?:email|call)\w*)\b",
        r"(?:offshore|outsourc\w+|virtual assistants?|white[ -]label|dedicated developers|hire (?:our|remote) \w+)\b",
    ),
    0.4: (
        r"(?:\d+|ten|fifteen|few|couple of) minutes of your time\b|who handles (?:your|that|this)\b|demo (?:at|here)\b|book a (?:free )?demo\b",
        r"(?:may|can|could|shall) (?:i|we) (?:send|share|show|e-?mail)\b[^.?!]{0,20}\b(?:price list|pricing|catalog(?:ue)?|portfolio|deck|brochure|samples?|proposal|quote|demo|report|info(?:rmation)?)\b",
        r"(?:\d+-day|free) trial\b|want (?:to see )?a (?:walkthrough|demo|preview|free sample)\b|first (?:month|year) free\b|\d+% (?:promo|off|discount) for (?:\w+ )?businesses\b",
        r"explore (?:a |our )?(?:partnership|cooperation|collaboration|synerg\w+)\b|cost(?:s|ing)? you (?:customers|sales|money|clients|business)\b",
        r"(?:i run|i own|i represent|i'm with|i am with|i work (?:for|with)|we are|we're) (?:an? )?[^.!?]{0,40}\b(?:wholesale|agency|supplier|startup|marketplace|platform|vendor|distributor)\b",
        r"your (?:google )?(?:listing|online presence|search rankings?|ad spend|web ?site traffic)\b|looking for (?:seo|ppc|social media|web design) help\b",
        r"(?:feature|list|promote) your (?:shop|business|company|store|clinic|practice)\b|at your clients' sites\b",
        r"(?:share|send you|see) our (?:portfolio|catalog(?:ue)?|brochure|deck)\b|catalog(?:ue)? attached\b|let me know your requirements?\b",
        r"following up on my (?:last|previous|earlier) (?:e-?mail|message|note)\b|(?:companies|businesses|firms|clinics) like yours\b",
        r"is your (?:company|business|team|website)\b[^.?!]{0,40}\b(?:still|paying|struggling|ready|losing)\b",
        r"(?:quick|brief|short) (?:call|chat|demo)\b[^.?!\n]{0,40}\b(?:show|see how|explore|introduce|walk you)\b",
        r"(?:who (?:is|would be)|are you) the (?:right|best) person\b|working capital\b|no upfront cost\b",
        r"(?:free|complimentary) (?:audit|website review|proposal for your)\b",
        r"(?:partner(?:ship)?|collaborat\w+|affiliate) (?:opportunit\w+|program|proposal|with (?:us|you))\b",
        r"(?:web|website|app|logo) (?:design|development|redesign)(?: and \w+)? services\b",
        r"social media (?:marketing|management)\b|(?:increase|get) more (?:reviews|followers|patients|customers)\b",
    ),
    0.3: (
        r"(?:we|our team) (?:build|fix|place|create|design|develop|automate|specialize|handle|generate|run)\b",
        r"(?:our|my) (?:clients|customers) (?:include|have seen|see|saw)\b|case stud(?:y|ies)\b|no obligation\b",
        r"(?:would|are) you (?:be )?(?:interested (?:in|to)|open to)\b",
    ),
}

_Compiled = tuple[tuple[float, re.Pattern[str]], ...]


def spam_score(text: str) -> float:
    """0 to 1: prizes, premium numbers, chat lines, pills, fraud, mass text."""
    return _noisy_or(text, _SPAM_PATTERNS)


def solicitation_score(text: str) -> float:
    """0 to 1: somebody who wants to sell something to the business."""
    return _noisy_or(text, _SOLICITATION_PATTERNS)


def _compiled(patterns: Mapping[float, tuple[str, ...]]) -> _Compiled:
    return tuple(
        (weight, re.compile(rf"(?<!\w)(?:{pattern})"))
        for weight, listed in patterns.items()
        for pattern in listed
    )


_SPAM_PATTERNS = _compiled(_SPAM)
_SOLICITATION_PATTERNS = _compiled(_SOLICITATION)


def _noisy_or(text: str, patterns: _Compiled) -> float:
    seen = text[:READ].lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    doubt = 1.0
    for weight, pattern in patterns:
        if pattern.search(seen):
            doubt *= 1 - weight
    return 1 - doubt
