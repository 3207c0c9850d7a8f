"""The model refuses although nothing in the request calls for a refusal."""

from __future__ import annotations

import re

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

FILTERED = "stopped by the provider's content filter"
DECLARED = "declared a refusal by the provider"
WORDED = "opens like a refusal"

OPENING_CHARS = 240
"""A refusal opens the answer; an apology further down belongs to an answer."""
DUE_WINDOW_CHARS = 2_000

_CANNOT = r"(?:can(?:not|'t|\u2019t)|unable|not able)"
_DEED = r"(?:help|assist|comply|provide|fulfil|answer|do that|do this|continue|create|write|generate|complete|discuss)"
_OPENINGS = (
    # English
    r"(?:i(?:'|\u2019)?m|i am) (?:very |really |truly )?(?:sorry|afraid)[,.]? (?:but )?(?:i |as an|that |this |it )",
    rf"(?:sorry|apologies|unfortunately)[,.]? (?:but )?(?:i|as an ai)\b[^.]{{0,40}}{_CANNOT}",
    rf"i apologi[sz]e,? but (?:i|as an)\b[^.]{{0,60}}(?:{_CANNOT}|won't|do not|don't)",
    rf"i (?:can(?:not|'t|\u2019t)|won't|will not|am (?:unable|not able) to|must decline to) {_DEED}",
    r"as an ai(?: language)? (?:model|assistant),? i (?:can(?:not|'t|\u2019t)|do not|don't|am (?:not able|unable))",
    # German, French, Spanish, Portuguese, Italian
    r"(?:es tut mir leid|entschuldigung|leider)[^.]{0,40}(?:ich kann|kann ich)[^.]{0,60}nicht",
    r"(?:je suis désolé|désolé)[^.]{0,40}je ne (?:peux|suis)",
    r"lo siento[^.]{0,40}no puedo",
    r"(?:desculpe|sinto muito|lamento)[^.]{0,40}não (?:posso|consigo)",
    r"mi dispiace[^.]{0,40}non posso",
    # Russian, Chinese, Japanese
    r"(?:извините|к сожалению|прошу прощения)[^.]{0,40}не могу",
    r"(?:抱歉|对不起|很遗憾)[^。]{0,20}(?:无法|不能)",
    r"(?:申し訳|すみません)[^。]{0,40}(?:できません|お答えでき)",
)
OPENING = re.compile(r"\A\W{0,8}(?:" + "|".join(_OPENINGS) + ")", re.IGNORECASE)

DUE = re.compile(
    r"\b(?:bombs?|explosives?|weapons?|suicide|kill (?:my|your|him|her|them|people)|murder|poison|malware|ransomware|"
    r"keylogger|phishing|exploit code|hack (?:into|someone)|steal|stolen|counterfeit|meth(?:amphetamine)?|cocaine|"
    r"heroin|nerve agent|child (?:porn|abuse)|nude|erotic|porn\w*|racist|hate speech|credit card numbers?|"
    r"social security number|your (?:system prompt|instructions)|"
    r"ignore (?:all|your|the) (?:previous |prior )?instructions)\b",
    re.IGNORECASE,
)
"""Words of requests for which a refusal may be the right answer (a guess, unvalidated): the check is then silent."""


def may_be_due(request: RequestView) -> bool:
    """Whether something in the request's last message may call for a refusal."""
    text = request.text
    window = text if len(text) <= DUE_WINDOW_CHARS else f"{text[:DUE_WINDOW_CHARS]}\n{text[-DUE_WINDOW_CHARS:]}"
    return DUE.search(window) is not None


def opens_like_a_refusal(text: str) -> bool:
    """Whether the first sentence refuses, in one of the languages the patterns know."""
    return OPENING.match(text[:OPENING_CHARS]) is not None


class RefusalCheck:
    """Rejects what the provider itself declares withheld; is unsure of a text that opens like a refusal.

    Silent where a refusal may be due. With tools on offer "I cannot" is often right (no tool fits), so wording says
    nothing there.
    """

    name = "refusal"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when the answer refuses without visible cause."""
        reason = self._reason(answer, request)
        if reason is None or may_be_due(request):
            return None
        return Finding(self.name, Outcome.UNSURE if reason == WORDED else Outcome.REJECT, reason)

    @staticmethod
    def _reason(answer: AnswerView, request: RequestView) -> str | None:
        if answer.finish_reason == "content_filter":
            return FILTERED
        if answer.refusal:
            return DECLARED
        if answer.tool_calls or request.tools or not opens_like_a_refusal(answer.text):
            return None
        return WORDED
