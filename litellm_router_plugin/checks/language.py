"""The answer is in another language than the request."""

from __future__ import annotations

import re

from litellm_router_plugin.checks.scripts import language_of, letters_by_script, main_script
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

OTHER_LANGUAGE = "another language than the request's"

MIN_ANSWER_CHARS = 20
"""Shorter answers are names, labels and quotations."""
LANGUAGE_NAMED = re.compile(
    r"\b(?:translat\w+|transcri\w+|languages?|english|german|deutsch\w*|french|français\w*|spanish|español\w*|italian\w*|"
    r"portugu\w+|dutch|nederlands|polish|polski|swedish|svenska|turkish|türkçe|indonesian|bahasa|russian|chinese|mandarin|"
    r"cantonese|japanese|korean|arabic|hindi|bengali|tamil|thai|greek|hebrew|latin|vietnamese|ukrainian|czech|danish|"
    r"norwegian|finnish|hungarian|romanian|persian|farsi|urdu|übersetz\w+|tradu\w+|vertaal\w*|englisch\w*|anglais\w*|"
    r"inglés|inglese|inglês|lyrics|poem|dialect)\b|"
    r"перев[её]д\w*|перевести|английск\w*|на русском|翻译|翻譯|英文|英语|中文|日本語|英語|訳|번역|영어|한국어|"
    r"الترجمة|ترجم|अनुवाद",
    re.IGNORECASE,
)
"""Words that show that a second language may be wanted; the check is then silent."""
CONTEXT_CHARS = 4_000


def may_want_another(request: RequestView) -> bool:
    """Whether the request, its system prompt or an earlier turn speaks of languages."""
    said = [request.text[:CONTEXT_CHARS], request.text[-CONTEXT_CHARS:], request.system[:CONTEXT_CHARS]]
    said.extend(turn.text[:CONTEXT_CHARS] for turn in request.turns[-8:] if turn.role in ("user", "system"))
    return any(LANGUAGE_NAMED.search(text) for text in said)


def mixes_scripts(request: RequestView) -> bool:
    """Whether the request holds letters of a script besides Latin and its main one: it may be about two languages."""
    letters = letters_by_script(request.text[:CONTEXT_CHARS])
    if any(sign in letters for sign in ("han", "kana")):
        letters = {**{name: count for name, count in letters.items() if name != "kana"}, "han": 1}
    return len(letters.keys() - {"latin"}) > 1 or (len(letters) > 1 and main_script(letters) == "latin")


class LanguageCheck:
    """Unsure of an answer in another language than the last user message; silent where a second one may be wanted."""

    name = "language"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when both languages are clear, differ, and nothing asks for it."""
        if answer.tool_calls or len(answer.text) < MIN_ANSWER_CHARS or request.response_format is not None:
            return None
        said = language_of(answer.text)
        if said is None:
            return None
        asked = language_of(request.text)
        if asked is None or asked == said or mixes_scripts(request) or may_want_another(request):
            return None
        return Finding(self.name, Outcome.UNSURE, OTHER_LANGUAGE)
