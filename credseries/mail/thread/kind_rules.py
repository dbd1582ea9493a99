"""The rules that tell what a sentence of a review is, as data: a name, a kind, and patterns. Pure.

They are tried in this order, and the first that fits is taken. They are about how people write to kernel lists in
English, and about nobody in particular. A sentence has one space between its words when they see it. In a pattern `DO`
stands for a verb that one does to code, to a message or to a series, `DONE` for its participle, `SO` for words that
lead in, and `VERY` for those that make another one stronger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.series.remarks import Kind


@dataclass(frozen=True)
class Rule:
    """A pattern that makes a sentence a remark of a kind, unless another one takes that back; `name` is what it
    recognises, in words."""

    name: str
    kind: Kind
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def fits(self, sentence: str) -> bool:
        """Whether a sentence, with one space between its words, is such a one."""
        if self.pattern.search(sentence) is None:
            return False
        return self.unless is None or self.unless.search(sentence) is None


_VERBS = """
    add address adjust align apply avoid break bring call cc change check clarify clean collect combine comment consider
    convert copy create declare define delete describe document drop elaborate ensure exclude expand explain export
    extend extract factor fix fold follow get give handle ignore include initialise initialize inline insert introduce
    invert keep kill leave limit list look make mark measure mention merge move name order pass pick post prefix print
    prove provide push put quote rebase remove rename reorder repeat rephrase replace repost resend respin restore
    return reuse revert review reword rewrite rework rip run say send separate set share show simplify skip sort specify
    split squash start state stick stop swap switch take tell test throw trim try turn unify update use verify wait warn
    wrap write don't
"""
_PARTICIPLES = """
    added adjusted aligned avoided changed clarified cleaned combined converted described documented dropped exported
    extracted factored fixed folded handled initialised initialized inlined kept limited made marked mentioned merged
    moved named put rebased removed renamed reordered replaced resent reused reverted reworded rewritten separated
    shared shortened simplified skipped sorted split squashed turned unified updated written wrapped
"""
_WORDS = {
    "DONE": f"(?:{'|'.join(_PARTICIPLES.split())})",
    "DO": f"(?:{'|'.join(_VERBS.split())})",
    "SO": (
        r"(?:(?:also|and|but|so|then|or|ok(?:ay)?|well|oh|hmm+|hm|btw|instead|otherwise|again|still|first|finally"
        r"|next"
        r"|in addition|for (?:now|v\d+)|if (?:so|not|possible)|in (?:that|this) case|just|simply|always"
        r"|never)[,:;]? )*"
    ),
    "VERY": r"(?:(?:all|really|very|pretty|quite|so|much|truly|also|otherwise|mostly|generally) )*",
}


PARTICIPLES = _WORDS["DONE"]
"""A pattern for what was done to code, to a message or to a series."""

_NAME = r"[\"'(]?(?-i:[^\Wa-z\d_])"  # names begin with a capital letter, or in a script that has none
_RESERVED = r"n't\b|\b(?:not|but|except|however|although|though|if|should|must|needs?|instead|could|would)\b"


def _rule(name: str, kind: Kind, *patterns: str, unless: str = "") -> Rule:
    text = "|".join(patterns)
    for word, stands_for in _WORDS.items():
        text = re.sub(rf"\b{word}\b", lambda _, stands_for=stands_for: stands_for, text)  # type: ignore[misc]
    taken_back = re.compile(unless, re.IGNORECASE) if unless else None
    return Rule(name, kind, re.compile(text, re.IGNORECASE), taken_back)


_SURE = (  # who says please, or calls it a nit, means it, whatever else is in the sentence
    _rule(
        "a trailer",
        Kind.TRAILER,
        rf"\A\s*[A-Z][\w-]*-by:\s+(?:{_NAME}|[^\n]*@)",
        r"\A\s*Fixes:\s*(?:commit |[0-9a-f]{6}|https?:)[^?]*\Z",
        r"\A\s*(?:Closes|Link|Bugzilla):\s*[^\s?]*[\d/]\S*(?:\s+[\[#(][^?]*)?\Z",
        r"\A\s*(?:Cc|To):\s*(?:[^\n?]*@[^\n?]*|[^\s?]+)\Z",
        r"\A\s*(?:Change-Id|base-commit):\s*\S+\Z",
    ),
    _rule(
        "says who was added to the mail",
        Kind.TRAILER,
        r"\A\W*\+ ?(?:cc\b|to\b|[^\n]{0,60}@|[A-Z]\w+(?:,? (?:and )?[A-Z]\w+)*\W*\Z)",
        r"\A\W*(?:cc'?(?:ing|ed)|adding)\b[^?\n]*(?:@|\b(?:list|cc|to the (?:thread|loop))\b)[^?\n]*\Z",
    ),
    _rule(
        "called a nit",
        Kind.NIT,
        r"\A\W*(?:\w+ ){0,2}?nit(?:s|ty|pick\w*)?\b(?! ?:? ?(?:none|aside|apart))",
        r"\bnit-?pick",
        r"\bnits?:",
        r"\(nit\)",
        r"\bbike-?shed",
        r"\b(?:minor|tiny|trivial|cosmetic) (?:nit|thing|issue|point|comment|detail|style)\b",
    ),
    _rule("a typo", Kind.NIT, r"\btypos?\b", r"\bmiss?pel\w+", r"\bspelling\b", r"(?<!\S)s/[^/\n]+/[^/\n]*(?:/\w?|\Z)"),
    _rule(
        "white space",
        Kind.NIT,
        r"\b(?:trailing|stray|extra|missing|unneeded|superfluous|needless|spurious) (?:blank |empty |new )?"
        r"(?:white ?space|space|new ?line|line|tab|semicolon|comma|brace|parenthes[ie]s)s?\b",
        r"\b(?:blank|empty) line (?:here|missing|please|after|before)",
    ),
    _rule(
        "asked whether somebody could",
        Kind.REQUEST,
        r"\b(?:can|could|would|will|may|might) (?:you|we|somebody|someone|i|this|it|that|these|those) "
        r"(?:guys |please |also |perhaps |maybe |at least |just |simply |instead |then |be able to |try to |not "
        r"|mind (?:to )?|kindly ){0,4}(?:DO|moving|adding|splitting|using|dropping|renaming|sending|explaining)\b"
        r"[^.!]*\?",
        r"\b(?:can|could|should) (?:this|it|that|these|those|they|we|(?:the |a )?\w+ \w*) ?(?:also |not |just )?"
        r"(?:be|get|have) (?:\w+ly )?DONE\b[^.!]*\?",
        r"\bany (?:chance|way) (?:you|we|to)\b[^.!]*\?",
    ),
    _rule(
        "please",
        Kind.REQUEST,
        r"\b(?:please|pls|plz)\b(?! (?:note|see|find|feel free|ignore|don't worry|let me know if))",
        r"\blet (?:me|us) know (?:what|which|how|where|when|why)\b",
    ),
    _rule(
        "asked what one could do instead",
        Kind.REQUEST,
        r"\b(?:how|what) about (?:just |simply )?\w+ing\b",
        r"\bwhy (?:not|don't (?:you|we)) (?:just |simply )?DO\b",
        r"\b(?:wouldn't it|isn't it|would it (?:not )?|won't it) be (?:\w+ )?(?:better|nicer|simpler|easier"
        r"|cleaner)\b",
        r"\bwonder(?:ing)?\b[^.?!]*\b(?:better|easier|simpler|cleaner|should(?:n't)?|instead|rather|worth"
        r"|make sense)\b",
    ),
    _rule(
        "wonders, or does not understand",
        Kind.QUESTION,
        r"\b(?:i'm|am|i|just|was) (?:also |just |still |only )?(?:wonder(?:ing)?|curious|puzzled|confused)\b",
        r"\b(?:don't|do not|can't|fail to) (?:quite |really |fully )?(?:understand|see|get|follow|grok) "
        r"(?:why|how|what|where|when|whether|if|the point)\b",
        r"\b(?:not|un)\s?(?:sure|clear|obvious) (?:to me )?(?:why|how|what|where|when|whether|if)\b",
    ),
    _rule("asked", Kind.QUESTION, r"\?+[\"')\]]*(?: *[;:]-?[)(])?\s*\Z", r"\A(?:why|how|what|where|when|who|which)\?"),
)

_FRIENDLY = (  # nothing waits for an answer
    _rule(
        "thanks",
        Kind.PRAISE,
        r"\A(?:SO)(?:many |ok(?:ay)?,? )?(?:thanks|thank you|thx|cheers)\b"
        r"[^.!?]*[.!]*\Z",
        unless=_RESERVED,
    ),
    _rule(
        "looks good",
        Kind.PRAISE,
        r"\b(?:lgtm|sgtm)\b",
        r"\b(?:looks?|seems?|sounds?|is|are) VERY(?:good|great|fine|nice|sane|reasonable|correct|ok(?:ay)?|right"
        r"|straight ?forward|better)(?: (?:to|for|by|with) (?:me|us))?(?=[,.!;:\s)]*(?:\Z|and\b|now\b|as\b|here\b"
        r"|thanks"
        r"|otherwise|[(;,-]))",
        r"\A\W*(?:otherwise|(?:the )?rest|apart from that|other than that|everything else),? (?:all )?(?:good"
        r"|fine|ok)\b",
        r"\bno (?:objections?|complaints?|concerns?|further comments?|more comments?)\b",
        r"\b(?:works|fine) (?:for|by|with) me\b",
        unless=_RESERVED,
    ),
    _rule(
        "praise",
        Kind.PRAISE,
        r"\b(?:VERY(?:impressive|neat|elegant|clever|excellent|awesome|fantastic|brilliant|wonderful|amazing"
        r"|beautiful"
        r"|lovely)|(?:very|really|quite|pretty|so) (?:nice|cool|good|useful|helpful|clean)"
        r"|(?:good|great|nice|excellent|amazing|impressive|solid) (?:work|job|catch|find|point|idea|stuff"
        r"|improvement"
        r"|series|clean-?up|numbers|results|explanation|change(?:log)?|one)|well (?:done|spotted|explained)"
        r"|nicely done|i (?:really |do )?(?:like|love) (?:this|it|that|the|how|your|where)|much (?:better|nicer"
        r"|cleaner))"
        r"\b(?! (?:to|if)\b)",
        r"\A\W*(?:very |really |so )?(?:nice|cool|neat|great|perfect|lovely|superb|yay|wow|\+1)\W*\Z",
        unless=_RESERVED,
    ),
    _rule(
        "consent",
        Kind.PRAISE,
        r"\A\W*(?:(?:yes|yeah|yep|yup|ok(?:ay)?|ack|acked|agreed|right|sure|fair enough|fair|makes sense|i agree"
        r"|of course|no problem|true|indeed|got it|i see|understood|absolutely|exactly|good|fine|great|will do"
        r"|done|fixed"
        r"|that makes sense|thanks|perfect)[,.!\s]*)+\Z",
    ),
    _rule(
        "taken",
        Kind.PRAISE,
        r"\A\W*(?:i've |i have |i )?(?:now )?(?:applied|queued|picked up|pulled)\b(?! cleanly)",
        r"\bapplied,? thanks\b",
    ),
)

_MODEST = (  # what is wanted, without asking for it
    _rule(
        "wishes",
        Kind.REQUEST,
        r"\bi(?:'d| would) (?:really |much |also |strongly |definitely |very much )*(?:like|prefer|love|expect"
        r"|appreciate)"
        r" (?:to (?:see|have|get|know|understand|hear|avoid|keep)|you|it|this|that|these|if|the|a|an|us|more|some"
        r"|for"
        r"|not)\b",
        r"\bi(?:'d| would) (?:really |also |strongly |rather |definitely )*(?:rather|suggest|recommend|vote"
        r"|advise|drop"
        r"|move|use|split|put|add|keep|merge|fold|squash|rename|call|name|make)\b",
        r"\bi (?:also |really |strongly )*(?:suggest|recommend|propose|prefer (?!to\b))",
        r"\bmy (?:preference|suggestion|request)\b",
        r"\b(?:would|might|will|'d) (?:be|have been) (?:\w+ )?(?:nice|good|great|better|best|useful|helpful"
        r"|cleaner|nicer"
        r"|simpler|easier|interesting|preferable|clearer|worth\w*)\b",
        r"\b(?:it's|it is|is|are|be|we're|we are) (?:not )?(?:\w+ )?(?:better off|better to|best to"
        r"|worth \w+ing)\b",
        r"\b(?:might|may) (?:want|need|like) to\b",
        r"\byou (?:want to|can|could|should) (?:just |simply |also |probably |then )*DO\b",
        r"\b(?:feel free to|consider \w+ing|make sure|don't forget|remember to)\b",
    ),
    _rule(
        "must, should, need",
        Kind.REQUEST,
        r"\b(?:must|shall|ought to|needs? to|ha(?:s|ve) to|had better)\b(?! (?:admit|say|confess|be "
        r"(?:fine|ok(?:ay)?|good|enough|safe)|have (?:said|seen|noticed|thought|known)))",
        r"\bshould(?:n't)?\b(?! (?:be (?:fine|ok(?:ay)?|good|enough|safe)|have (?:said|seen|noticed)|work\b|do\b))",
        r"\b(?:needs?|requires?|lacks?|wants?) (?:a|an|some|more|its|better|proper|the)\b",
        r"\b(?:is|are|was|were) (?:still )?(?:missing|needed|required|lacking)\b",
        r"\bmissing (?:a|an|the|here|from)\b",
        r"\blet(?:'s| us)\b",
    ),
    _rule(
        "says that something is wrong",
        Kind.REQUEST,
        r"\b(?:is|are|looks?|seems?|feels?|gets?|sounds?|be) (?:\w+ )?(?:wrong|broken|buggy|incorrect|bogus|racy"
        r"|unsafe"
        r"|unnecessary|redundant|superfluous|misleading|confusing|unused|odd|weird|strange|ugly|hacky|fishy"
        r"|suspicious"
        r"|dubious|questionable|inconsistent|unrelated|pointless|useless|ignored|unchecked|too \w+)\b",
        r"\b(?:leak(?:s|ed|ing)?|use-after-free|uaf|dead-?locks?|double(?: |-)free|null(?: pointer)? deref\w*"
        r"|race condition|regressions?|off-by-one|out-of-bounds|splat)\b",
        r"\b(?:this|that|it|which|patch|series|code|change) (?:will |would |can |could |may |might )?"
        r"(?:breaks?|crash(?:es)?|overflows?|oops(?:es)?|fails?|regress(?:es)?|deadlocks?)\b",
        r"\b(?:won't|does not|doesn't|did not|didn't|no longer) (?:even )?(?:work|compile|build|apply|boot|link"
        r"|hold)s?\b",
        r"\bna(?:k|ck)(?:ed)?\b",
        r"\b(?:don't|do not|not) (?:really |particularly )?(?:like|agree|think (?:this|that|it|we|you|so)|a fan"
        r"|convinced"
        r"|happy|keen|acceptable|correct|right|safe|true|necessary|needed)\b",
        r"\b(?:i )?disagree\b",
        r"\bno(?:t a)? (?:need|reason|point|point in)\b (?:to|for|in)\b",
    ),
    _rule(
        "rather another way",
        Kind.REQUEST,
        r"\A\W*(?:SO)(?:rather|instead)\b",
        r"\b(?:instead|rather)\W*\Z",
    ),
    _rule("the same again", Kind.REQUEST, r"\A\W*(?:same|ditto|likewise|as above|see above|idem)\b[^?]{0,60}\Z"),
    _rule(
        "an order",
        Kind.REQUEST,
        r"\A\W*(?:SO)DO\b(?! ?(?:is|are|was|were|has|below|inline|above|value|values|type|result|results"
        r"|passe[sd]|of|:"
        r"|log|case|name)\b)[^?]*\Z",
        r"\A\W*(?:SO)(?:no|not) (?:space|blank|newline|braces|brackets|need)\b",
    ),
)

RULES: tuple[Rule, ...] = (*_SURE, *_FRIENDLY, *_MODEST)
