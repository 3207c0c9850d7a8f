"""Code that was asked for does not parse."""

from __future__ import annotations

import json
import re
import symtable
import warnings
from collections.abc import Sequence
from textwrap import dedent

from litellm_router_plugin.checks.fences import CodeBlock, code_blocks
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

BROKEN_PYTHON = "Python block does not parse"
BROKEN_JSON = "JSON block does not parse"

MAX_CODE_CHARS = 8_000
"""Characters of one block that are parsed; a longer block is left alone. parsing takes about 0.3 ms a 1,000."""
MAX_BLOCKS = 8
MAX_NESTING = 60
"""Brackets open at once; deeper code is not given to the parser, whose stack is bounded."""

CODE_ASKED = re.compile(
    r"\b(?:write|implement|create|build|generate|provide|develop|make|fix|debug|refactor|rewrite|convert|complete|code|"
    r"how (?:do|can|to|would))\b[^?\n]{0,120}\b(?:code|script|function|program|class|method|python|module|app)\b",
    re.IGNORECASE,
)
PYTHON_NAMED = re.compile(r"\bpython\b|\bpandas\b|\bdjango\b|\bpytorch\b|\bdef \w+\(", re.IGNORECASE)
JSON_NAMED = re.compile(r"\bjson\b", re.IGNORECASE)
STRAY_BACKSLASH = re.compile(r"\\(?![\"\\/bfnrtu])")
"""A backslash that JSON does not know: formulas are written so, and readers of such answers mend it."""
NOT_A_MODULE = re.compile(r"^\s*(?:>>>|\$ |%|!|In \[|\.\.\.\s*$)|^\s*print +[\"'\w]|<[\w ]+>|^\s*pip ", re.MULTILINE)
"""Sessions, shell lines, notebook magic, omissions, Python 2 and placeholders: good answers hold them."""


def nesting(code: str) -> int:
    """The most brackets open at once, strings and comments not told apart; 0 where there are too few to matter."""
    if sum(code.count(bracket) for bracket in "([{") <= MAX_NESTING:
        return 0
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", code):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def flush_left(code: str) -> str:
    """The code without the indentation that all its lines share, as in a list of steps."""
    return dedent(code) if code[:1] in (" ", "\t") else code


def parses_as_python(code: str) -> bool:
    """Whether a block is a Python module; True of one that the parser cannot take.

    A symbol table needs the parser and, unlike ``ast.parse``, makes no object of every node, which saves a quarter of
    the time and the garbage collector's share of it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            symtable.symtable(code, "<answer>", "exec")
    except SyntaxError:
        return False
    except (ValueError, MemoryError, RecursionError, OverflowError):
        return True
    return True


def parses_as_json(code: str) -> bool:
    """Whether a block is JSON but for stray backslashes and line breaks in strings; True of one too deep to parse."""
    try:
        json.loads(STRAY_BACKSLASH.sub(r"\\\\", code), strict=False)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def parsable_blocks(text: str, languages: Sequence[str]) -> Sequence[CodeBlock]:
    """The closed blocks in one of these languages that are short and flat enough to parse."""
    return [
        block
        for block in code_blocks(text)[:MAX_BLOCKS]
        if block.is_closed
        and block.language in languages
        and len(block.code) <= MAX_CODE_CHARS
        and nesting(block.code) <= MAX_NESTING
    ]


class CodeCheck:
    """Unsure of an answer whose fenced Python or JSON does not parse although that language was asked for."""

    name = "code"
    reads_prefix = False

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:  # noqa: ARG002  the port's signature
        """A finding when the largest such block is broken; small ones are often excerpts."""
        if answer.is_prefix or answer.cut or "```" not in answer.text:
            return None
        if CODE_ASKED.search(request.text) and PYTHON_NAMED.search(request.text):
            largest = max(parsable_blocks(answer.text, ("python", "py", "python3")), key=_size, default=None)
            if largest and not parses_as_python(flush_left(largest.code)) and not NOT_A_MODULE.search(largest.code):
                return Finding(self.name, Outcome.UNSURE, BROKEN_PYTHON)
        if JSON_NAMED.search(request.text):
            largest = max(parsable_blocks(answer.text, ("json",)), key=_size, default=None)
            if largest and not parses_as_json(largest.code):
                return Finding(self.name, Outcome.UNSURE, BROKEN_JSON)
        return None


def _size(block: CodeBlock) -> int:
    return len(block.code)
