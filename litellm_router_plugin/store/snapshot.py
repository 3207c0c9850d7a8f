"""A copy of a decision as it is now, made while a request waits: by position, several times quicker than by name."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord

_decision_values = attrgetter(*(one.name for one in fields(DecisionRecord)))
_call_values = attrgetter(*(one.name for one in fields(CallRecord)))


def snapshot(record: DecisionRecord) -> DecisionRecord:
    """A copy that later changes of the record, and of its calls, leave alone."""
    copy = DecisionRecord(*_decision_values(record))
    copy.calls = [CallRecord(*_call_values(call)) for call in record.calls]
    return copy
