"""进件 on a phone: live conditions, every mistake at once, and a merchant that is open at the end."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from ruamel.yaml import YAML

from engine.forms import Form, load_form
from tests.browser.test_shell import sign_in

PATH = Path(__file__).parents[2] / "forms" / "onboarding.yaml"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64) + b"IEND"


def example() -> tuple[Form, dict[str, object]]:
    form, _ = load_form(path="forms/onboarding.yaml", text=PATH.read_text(encoding="utf-8"))
    assert form is not None
    return form, YAML(typ="safe").load(PATH)["example"]["answers"]


def choose(page: Page, place: Locator, title: str) -> None:
    if place.locator(".q-select").count():
        place.locator(".q-select").click()
        page.locator(".q-menu .q-item", has_text=title).first.click()
    else:
        place.get_by_text(title, exact=True).click()


def fill(page: Page, form: Form, name: str, value: object) -> None:
    place, field = page.locator(f"#field-{name}"), form.fields[name]
    expect(place).to_be_visible()
    titles = {option.value: option.title for option in field.options}
    if field.widget == "photo":
        place.locator("input[type=file]").set_input_files(
            {"name": "p.png", "mimeType": "image/png", "buffer": PNG}
        )
        expect(place).to_contain_text("已上传")
    elif isinstance(value, bool):
        place.locator(".q-checkbox").click()
    elif isinstance(value, list):
        for one in value:
            choose(page, place, titles[one])
    elif titles:
        choose(page, place, titles[str(value)])
    else:
        place.locator("input").fill(str(value))


def test_a_broker_opens_a_merchant_on_the_phone(phone: Page) -> None:
    form, answers = example()
    sign_in(phone, "b0001", "/onboarding/new")
    expect(phone.locator("#section-licence")).to_be_hidden()
    phone.get_by_role("button", name="提交进件").click()
    expect(phone.locator(".form-wrong")).to_contain_text("处要改")
    for name, value in answers.items():
        fill(phone, form, name, value)
    expect(phone.locator(".form-wrong")).to_have_count(0)
    phone.get_by_role("button", name="提交进件").click()
    expect(phone.locator(".form-done")).to_contain_text("马上能收款")
    expect(phone.locator(".form-done")).to_contain_text("JJ-")
    phone.goto("/onboarding")
    expect(phone.locator("tbody")).to_contain_text(str(answers["short_name"]))


def test_a_file_that_is_no_picture_is_refused_by_its_bytes(phone: Page) -> None:
    sign_in(phone, "b0001", "/onboarding/new")
    place = phone.locator("#field-photo_door")
    place.locator("input[type=file]").set_input_files(
        {"name": "p.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
    )
    expect(place.locator(".form-photo .bad")).to_be_visible()
    expect(place).not_to_contain_text("已上传")
