"""The API keeps to its OpenAPI description, whatever is sent."""

from __future__ import annotations

import pytest
from dashboard_server import ADMIN, ONE, app_of, services_of
from dashboard_traffic import Story
from hypothesis import HealthCheck, settings

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (pip install schemathesis)")

STORY = Story(seed=3)
STORY.run(60)
from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402  only where it is installed

DESCRIBED = schemathesis.openapi.from_asgi("/openapi.json", app_of(services_of(STORY)))
IN_WORDS_ONLY = [positive_data_acceptance]
"""Not checked: that one of two fields must be there, and what a cursor looks like, is described in words only."""
EXAMPLES = 25
"""For each operation: enough to send each parameter in several wrong ways."""


@DESCRIBED.parametrize()  # type: ignore[untyped-decorator]  # schemathesis may be absent
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("key", [ADMIN, ONE])
def test_every_answer_is_one_that_is_described(case: object, key: str) -> None:
    case.call_and_validate(  # type: ignore[attr-defined]  # schemathesis' own case
        headers={"authorization": f"Bearer {key}"}, excluded_checks=IN_WORDS_ONLY
    )
