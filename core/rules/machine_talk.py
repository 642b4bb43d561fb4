"""Text that talks to the machine that reads it instead of to people, plain, translated or encoded."""

# ruff: noqa: E501, RUF001  # a pattern reads better on one line; full-width marks end Chinese sentences

import base64
import codecs
import html
import re
import unicodedata
import urllib.parse
from collections.abc import Iterator

_RULES = r"(?:instructions?|prompts?|rules?|guidelines?|directions?|commands?|orders|form|told|said before)"
_FORM = r"(?:urgency|intent|score|quality[_ ]score|urgency[_ ]score|json|confidence|summary|headline|wants)"
_READER = r"(?:ai|a\.i\.|llm|gpt|chat ?gpt|language model|assistant|chat ?bot|bot|model|agent|classifier|dan)"

_PATTERNS = re.compile(
    "|".join(
        (
            # putting the rules out of force
            rf"\b(?:ignore|disregard|forget|override|bypass|stop following|do not follow|don't follow|skip)\b[^.!?\n]{{0,50}}\b{_RULES}\b",
            rf"\b(?:ignore|disregard|forget)\b[^.!?\n]{{0,30}}\b(?:previous|prior|above|earlier|everything|anything)\b[^.!?\n]{{0,40}}\b(?:{_RULES}|and|but)\b",
            r"\b(?:new|updated|following|hidden|system|original|these|above) (?:instructions?|prompts?)\b|\binstructions? (?:above|below|for (?:the )?(?:ai|model|bot))\b",
            r"\bfrom now on you\b|\byou only (?:output|answer|reply|respond)\b|\breply only with\b|\banswer every question\b|\bfollow me instead\b",
            # naming whoever reads, as a machine
            rf"\b(?:to|dear|attention|hey|note to|message to|for) (?:the |any |all |our |your )?{_READER}\b(?: reading| model)?",
            rf"(?:^|[.!?,;:\n-]\s*|\bas the )(?:dear )?{_READER}\s*[,:-]|,\s*(?:dear )?{_READER}\s*[.!,:]|\bas (?:the|an?) {_READER}\b",
            rf"\byou are (?:now )?(?:an? )?(?:{_READER}|unrestricted|free of|no longer)\b|\byou are now\b|\bas an ai\b",
            rf"\b(?:is what|that) the {_READER}\b",
            r"\b(?:pretend|imagine) (?:to be|you(?:'re| are| were))\b|\bact as (?:an?|the|if)\b|\bjailbreak|\bdo anything now\b|\brole ?play\b|\blet's play a game\b",
            r"\b(?:developer|admin(?:istrator)?|god|debug|safe) ?mode\b|\badmin rights\b|\bsystem administrator\b",
            # the marks of a conversation or of the form
            r"(?:^|\n|[.!?]\s|\s-\s?)\s*(?:system|assistant|user|developer|bot|human) ?(?:message|prompt|note)?\s*:|\bsystem (?:message|prompt|override)\b",
            r"<\|?(?:im_start|im_end|system|assistant|endoftext|answer|/?message|/?data|/?instructions?)\|?>|\[/?(?:inst|system)\]|###? ?(?:instruction|response|system)\b|lead-[0-9a-f]{16}",
            rf"\b(?:set|change|mark|classify|rate|score|label|output|return|respond|treat|flag|put|print|give)\b[^.!?\n]{{0,60}}\b{_FORM}\b",
            r"\b(?:mark|classify|rate|score|label|flag|treat|categori[sz]e) (?:this|the|it|me|all|my)\b[^.!?\n]{0,40}\b(?:urgent|spam|complaint|vip|emergency|highest|priority|100)\b",
            rf"[\"']?\b{_FORM}[\"']? ?[:=]|\bwhen (?:you|the system) summari[sz]e|\bsay (?:in the summary )?that the customer\b",
            r"\b(?:reveal|print|show|repeat|leak) (?:me )?(?:your|the|all)\b[^.!?\n]{0,30}\b(?:prompt|instructions|message|rules|system)\b|\bother customers'",
            r"\b(?:send|post|forward|assign|reassign|approve|escalate|notify|ping)\b[^.!?\n]{0,30}\b(?:all leads|every lead|all|this lead|them|everyone)\b[^.!?\n]{0,60}(?:\b(?:to|in|and|as)\b|<|@|#|$)",
            r"<!(?:channel|here|everyone|subteam)|<[@#][a-z0-9]|[@\uff20](?:channel|here|everyone)\b",
            # the same in other languages: put out of force + what was said before
            r"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*|ignorez|oubliez|ignora|ignoren?|ignorad|olvida|olvide|dimentica|esqueça|negeer|vergeet|zignoruj|zapomnij|ignorera|glöm|ignorer|glem)\b[^.!?\n]{0,60}\b(?:instruc\w+|istruzion\w+|instruktion\w*|instructies|instrukcj\w+|instruç\w+|anweisung\w*|regeln|reglas|regole|regras|regels|zasad\w*|consignes?|r[eè]gles|todo|tout|alles)\b",
            r"(?:игнорируй\w*|забудь\w*|ігноруй\w*)[^.!?\n]{0,60}(?:инструкци|указани|правил|інструкці)",
            r"(?:talimat|kural|yönerge)\w*[^.!?\n]{0,30}(?:yok say|unut|görmezden)|(?:yok say|unut)\w*[^.!?\n]{0,40}(?:talimat|kural)",
            r"(?:忽略|无视|無視|忘记|忘れ)[^。！？\n]{0,20}(?:指令|指示|规则|規則|提示|说明)|(?:指示|命令|規則|ルール|プロンプト)[^。！？\n]{0,12}(?:無視|忘れ)",
            r"(?:지시|명령|규칙)[^.!?\n]{0,12}(?:무시|잊)|(?:تجاهل|انس)[^.!?\n]{0,30}(?:تعليمات|أوامر|قواعد)|התעלם[^.!?\n]{0,20}הוראות|अनदेखा[^.!?\n]{0,30}निर्देश",
        )
    )
)

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
)
_LEET = str.maketrans("013457@$", "oieastas")
_ALIKE = str.maketrans("аеорсухіјѕԁһӏտո", "aeopcyxijsdhlun")
"""Letters of other scripts that look Latin."""

_SPACED = re.compile(r"\b(?:\w (?: ?)){6,}\w\b")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_HEX = re.compile(r"\b(?:[0-9a-f]{2}){16,}\b")
READ = 12_000
"""Characters that are looked at: a message's all, and what decoding adds."""


def speaks_to_machine(text: str) -> bool:
    """Whether the text seems to talk to whatever reads it: a model's reading of it is then not believed.

    Read in full: such words are hidden anywhere. A false alarm costs no more than analysis by rules.
    """
    return any(_PATTERNS.search(variant) for variant in _variants(text[:READ]))


def without_machine_talk(text: str) -> str:
    """The text with the sentences that speak to a machine as blanks, every other character where it was.

    They are no request and no reason to hurry: "mark this as urgent" is nobody's emergency. What is encoded says
    nothing to the rules anyway.
    """
    if not _PATTERNS.search(_plain(text)):
        return text
    return _SENTENCE.sub(
        lambda said: " " * len(said[0]) if _PATTERNS.search(_plain(said[0])) else said[0], text
    )


def _plain(text: str) -> str:
    return text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _variants(text: str) -> Iterator[str]:
    """The text, and what it may be an encoding of; most texts have no other variant than three."""
    plain = _plain(text)
    yield plain
    yield _plain(unicodedata.normalize("NFKC", text.translate(_INVISIBLE))).translate(_ALIKE)
    yield codecs.encode(plain, "rot13")
    yield plain[::-1]
    if any(mark.isdigit() for mark in text) or "@" in text or "$" in text:
        yield plain.translate(_LEET)
    if "&" in text:
        yield _plain(html.unescape(text))
    if "%" in text:
        yield _plain(urllib.parse.unquote(text, errors="replace"))
    if _SPACED.search(text):
        yield " ".join("".join(word.split()) for word in re.split(r"\s{2,}", plain))
    for found in _BASE64.finditer(text):
        bare = found[0].rstrip("=")
        whole = bare[: len(bare) - (len(bare) % 4 == 1)]  # one letter over is no base64
        yield _plain(base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "ignore"))
    for found in _HEX.finditer(plain):
        yield _plain(bytes.fromhex(found[0]).decode("utf-8", "ignore"))
