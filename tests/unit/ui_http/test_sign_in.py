"""Signing in and out, and who is let through to what."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.unit.ui_http.conftest import PASSWORD

SESSION = "haodian_session"


async def _form(browser: httpx.AsyncClient, path: str = "/login") -> str:
    found = re.search(r'name="form" value="([^"]+)"', (await browser.get(path)).text)
    assert found
    return found.group(1)


async def _sign_in(browser: httpx.AsyncClient, login: str, path: str = "/login") -> httpx.Response:
    values = {"form": await _form(browser, path), "login": login, "password": PASSWORD}
    return await browser.post(path, data=values)


async def _own_form(browser: httpx.AsyncClient) -> str:
    from ui.security import csrf_of

    return csrf_of(browser.cookies[SESSION])


async def test_a_stranger_is_sent_to_the_login_page_and_back(browser: httpx.AsyncClient) -> None:
    async with browser:
        asked = await browser.get("/hierarchy/HQ?by=count")
        assert asked.status_code == 303
        assert asked.headers["location"] == "/login?next=/hierarchy/HQ%3Fby%3Dcount"
        entered = await _sign_in(browser, "ops", asked.headers["location"])
        assert (entered.status_code, entered.headers["location"]) == (303, "/hierarchy/HQ?by=count")


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    browser: httpx.AsyncClient,
) -> None:
    async with browser:
        cookie = next(
            c for c in (await _sign_in(browser, "ops")).headers.get_list("set-cookie") if SESSION in c
        )
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


async def test_each_login_gives_a_new_session_and_ends_the_old_one(browser: httpx.AsyncClient) -> None:
    async with browser:
        await _sign_in(browser, "ops")
        old = browser.cookies[SESSION]
        logout = await browser.post("/logout", data={"form": await _own_form(browser)})
        assert logout.headers["location"] == "/login"
        browser.cookies.clear()
        await _sign_in(browser, "ops")
        assert browser.cookies[SESSION] != old
        browser.cookies.set(SESSION, old, domain="console.test")
        assert (await browser.get("/hierarchy/HQ/export.csv")).status_code in (303, 400)


async def test_a_wrong_password_is_refused_without_saying_which_was_wrong(browser: httpx.AsyncClient) -> None:
    async with browser:
        pages = []
        for login in ("ops", "nobody"):
            values = {"form": await _form(browser), "login": login, "password": "wrong"}
            answer = await browser.post("/login", data=values)
            assert answer.status_code == 403
            pages.append("账号或密码不对" in answer.text)
        assert pages == [True, True]
        assert SESSION not in browser.cookies


@pytest.mark.parametrize("form", ["", "made-up"])
async def test_a_login_from_a_form_we_did_not_make_is_refused(browser: httpx.AsyncClient, form: str) -> None:
    async with browser:
        await _form(browser)
        answer = await browser.post("/login", data={"form": form, "login": "ops", "password": PASSWORD})
        assert answer.status_code == 403
        assert SESSION not in browser.cookies


@pytest.mark.parametrize("path", ["/logout", "/account/language", "/account/look"])
async def test_a_write_without_the_sessions_own_form_is_refused(
    browser: httpx.AsyncClient, path: str
) -> None:
    async with browser:
        await _sign_in(browser, "ops")
        assert (await browser.post(path, data={"form": "made-up", "code": "en"})).status_code == 403


async def test_a_write_from_another_site_is_refused_even_with_the_cookie(browser: httpx.AsyncClient) -> None:
    async with browser:
        await _sign_in(browser, "ops")
        values = {"form": await _own_form(browser), "code": "en"}
        answer = await browser.post(
            "/account/language", data=values, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_sent_to_another_site(browser: httpx.AsyncClient, target: str) -> None:
    async with browser:
        entered = await _sign_in(browser, "ops", str(httpx.URL("/login", params={"next": target})))
        assert entered.headers["location"] == "/"
        values = {"form": await _own_form(browser), "code": "zh", "back": target}
        assert (await browser.post("/account/language", data=values)).headers["location"] == "/"


async def test_a_language_is_kept_for_the_person(browser: httpx.AsyncClient) -> None:
    async with browser:
        await _sign_in(browser, "broker")
        await browser.post("/account/language", data={"form": await _own_form(browser), "code": "en"})
        refused = await browser.get("/hierarchy/HQ/export.csv")
        await browser.post("/account/language", data={"form": await _own_form(browser), "code": "zh"})
    assert refused.text == "Not found"


async def test_somebody_with_two_roles_chooses_one_for_the_session(browser: httpx.AsyncClient) -> None:
    async with browser:
        asked = await _sign_in(browser, "two")
        assert "审计" in asked.text
        assert SESSION not in browser.cookies
        choice = re.search(r'name="choice" value="([^"]+)"', asked.text)
        assert choice
        values = {"form": await _form(browser), "choice": choice.group(1), "grant": "1"}
        entered = await browser.post("/login", data=values)
        assert entered.status_code == 303
        again = await browser.post("/login", data=values)
        assert again.status_code == 403  # a choice is good for one entrance


async def test_an_export_outside_the_scope_looks_like_no_such_node(browser: httpx.AsyncClient) -> None:
    async with browser:
        await _sign_in(browser, "broker")
        outside = await browser.get("/hierarchy/HQ/export.csv")
        missing = await browser.get("/hierarchy/nothing/export.csv")
        assert (outside.status_code, outside.text) == (missing.status_code, missing.text) == (404, "未找到")


async def test_a_reversed_range_is_told(browser: httpx.AsyncClient) -> None:
    async with browser:
        await _sign_in(browser, "ops")
        answer = await browser.get("/hierarchy/HQ/export.csv?first=2025-04-02&last=2025-04-01")
        assert answer.status_code == 400


async def test_unknown_api_paths_answer_in_json(browser: httpx.AsyncClient) -> None:
    async with browser:
        answer = await browser.get("/api/v9/nothing")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_every_answer_carries_the_policy_and_pages_are_not_kept(browser: httpx.AsyncClient) -> None:
    async with browser:
        page = await browser.get("/login")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert (
            "connect-src 'self' ws://console.test wss://console.test"
            in page.headers["content-security-policy"]
        )
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        style = await browser.get("/static/theme.css")
        assert "no-store" not in style.headers.get("cache-control", "")
