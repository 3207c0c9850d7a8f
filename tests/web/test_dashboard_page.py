"""The page and its files: no data, no key, nothing from elsewhere, nothing inline."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from litellm_router_plugin.web.page import POLICY, assets

Ask = Callable[..., TestClient]
OWN_SCRIPTS = sorted(name for name in assets() if name.endswith(".js") and not name.startswith("uPlot"))


def test_the_page_needs_no_key_and_forbids_everything_that_is_not_its_own(client: Ask) -> None:
    answer = client("none").get("/tier-router/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_address_without_a_slash_leads_to_the_page_behind_any_prefix(client: Ask) -> None:
    answer = client("none").get("/tier-router", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "tier-router/"


def test_every_file_that_the_page_names_is_there_and_is_named_relatively(client: Ask) -> None:
    named = re.findall(r'(?:src|href)="([^"#]+)"', assets()["index.html"].content.decode())
    assert len(named) > 5
    for path in named:
        assert not path.startswith(("/", "http"))
        assert client("none").get(f"/tier-router/{path}").status_code == 200


def test_nothing_is_inline() -> None:
    page = assets()["index.html"].content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


@pytest.mark.parametrize("name", OWN_SCRIPTS)
def test_scripts_set_text_only_as_text(name: str) -> None:
    script = assets()[name].content.decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)


def test_every_module_that_is_imported_is_there() -> None:
    imported = {
        path for name in OWN_SCRIPTS for path in re.findall(r'from "\./(.+?)"', assets()[name].content.decode())
    }
    assert imported
    assert imported <= {*assets()}


def test_the_charts_library_comes_with_its_licence() -> None:
    assert b"MIT License" in assets()["uPlot-LICENSE.txt"].content


def test_a_file_that_did_not_change_is_not_sent_again(client: Ask) -> None:
    first = client("none").get("/tier-router/assets/app.js")
    again = client("none").get("/tier-router/assets/app.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert not again.content


@pytest.mark.parametrize("name", ["../page.py", "..%2fpage.py", "%2e%2e/api.py", "/etc/passwd", "nothing.js", ".", ""])
def test_no_path_leads_out_of_the_assets(client: Ask, name: str) -> None:
    answer = client("none").get(f"/tier-router/assets/{name}")
    assert answer.status_code in (401, 404)
    assert "def " not in answer.text
