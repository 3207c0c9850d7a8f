from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from litellm_router_plugin.checks.bounded_schema import FIRST_ITEMS, LAST_ITEMS, violates

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
SIMPLE = st.sampled_from(
    [{"type": "string"}, {"type": ["integer", "null"]}, {"enum": [1, "a"]}, {"minimum": 2}, {"maxLength": 1}, True, {}]
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.builds(
            lambda properties, required, extra: {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": extra,
            },
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            st.lists(st.sampled_from("abc"), unique=True, max_size=2),
            st.booleans() | inner,
        ),
    ),
    max_leaves=6,
)


@given(JSON, SCHEMAS.filter(lambda schema: isinstance(schema, dict)))
def test_agrees_with_plain_jsonschema_on_ordinary_schemas(value: object, schema: dict[str, object]) -> None:
    assert violates(value, schema) is not Draft202012Validator(schema).is_valid(value)


@given(JSON, st.dictionaries(st.sampled_from(["type", "properties", "items", "$ref", "pattern", "allOf"]), JSON))
def test_a_broken_schema_never_raises(value: object, schema: dict[str, object]) -> None:
    assert violates(value, schema) in (True, False, None)


def test_patterns_run_in_linear_time() -> None:
    start = time.thread_time()
    assert violates("a" * 20_000 + "!", {"pattern": "^(a+)+$"}) is True
    assert time.thread_time() - start < 1


def test_a_pattern_that_re2_does_not_know_says_nothing() -> None:
    assert violates("b", {"pattern": "(?=a)a"}) is False


def test_pattern_properties_are_applied() -> None:
    schema = {"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}
    assert violates({"n_a": 1}, schema) is False
    assert violates({"n_a": "x"}, schema) is True
    assert violates({"other": 1}, schema) is True


def test_local_references_are_followed() -> None:
    schema = {"$defs": {"row": {"type": "integer"}}, "items": {"$ref": "#/$defs/row"}}
    assert violates([1, 2], schema) is False
    assert violates([1, "x"], schema) is True


@pytest.mark.parametrize("reference", ["https://example.invalid/schema.json", "#/$defs/none", "#"])
def test_references_that_cannot_be_followed_tell_nothing(reference: str) -> None:
    assert violates([1], {"$ref": reference}) is None


def test_exponential_schemas_are_given_up() -> None:
    definitions: dict[str, object] = {"n0": {"type": "string"}}
    for n in range(1, 30):
        definitions[f"n{n}"] = {"allOf": [{"$ref": f"#/$defs/n{n - 1}"}] * 2}
    schema = {"$defs": {**definitions, "n0": {"type": "integer"}}, "$ref": "#/$defs/n29"}
    start = time.thread_time()
    assert violates(1, schema) is None
    assert time.thread_time() - start < 1


def test_the_ends_of_a_long_array_are_validated() -> None:
    rows: list[object] = [1] * (FIRST_ITEMS + LAST_ITEMS + 100)
    schema = {"items": {"type": "integer"}}
    assert violates(rows, schema) is False
    assert violates([*rows, "x"], schema) is True
    assert violates(["x", *rows], schema) is True
