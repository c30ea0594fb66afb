"""Anybody of the demo world gets in, and nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize("login", ["ops", "b0001"])
def test_a_person_signs_in_and_sees_the_first_page(page: Page, login: str) -> None:
    page.goto("/")
    expect(page.locator("h1")).to_be_visible()
    page.fill("#login", login)
    page.fill("#password", "haodian-2025")
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    expect(page.locator("h1")).to_be_visible()
