"""`make screenshots`: the pictures of the README, taken of a product on trial with the demo world.

report.png      the hierarchy report of a city, as its manager sees it
workbench.png   a rule with unsaved changes and a test of its own that no longer holds
payment.png     one payment that risk wants reviewed: evidence, money, ledger
income.png      a broker's income on the phone
"""

from __future__ import annotations

import sys
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from haodian import speech
from haodian.bootstrap import DEMO_LOGINS
from haodian.settings import CHECKOUT
from haodian.trial import TrialFailed, find_chromium, trial

PICTURES = CHECKOUT / "docs" / "pictures"
DESK, PHONE = (1440, 900), (390, 844)
STARTS_WITHIN_S = 600.0
SETTLED_MS = 700
# Grey smoothing of text: coloured fringes would double the size of the pictures.
_LOOK = ("--no-sandbox", "--disable-lcd-text", "--font-render-hinting=none")
_PASSWORDS = {login: password for login, password, _ in DEMO_LOGINS}


def take(url: str, *, folder: Path) -> tuple[Path, ...]:
    """Take all pictures of the console at `url` into `folder`; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(_LOOK))
        for name, login, size, show in _SHOTS:
            path = folder / f"{name}.png"
            with _signed_in(browser, url, login=login, size=size) as page:
                show(page)
                page.wait_for_timeout(SETTLED_MS)  # charts draw a moment after their data
                path.write_bytes(smaller(_calmed(page, page.screenshot())))
            taken.append(path)
        browser.close()
    return tuple(taken)


@contextmanager
def _signed_in(browser: Browser, url: str, *, login: str, size: tuple[int, int]) -> Iterator[Page]:
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", _PASSWORDS[login])
    page.click("button[type=submit]")
    page.wait_for_url(lambda reached: "/login" not in reached)
    yield page
    context.close()


def _report(page: Page) -> None:
    page.goto("/hierarchy/BJ")
    expect(page.locator("tfoot")).to_contain_text("¥")


def _workbench(page: Page) -> None:
    page.goto("/rules/ps.beijing.default")
    expect(page.locator(".cm-content")).to_contain_text("ps.beijing.default")
    page.get_by_role("button", name="升版本").click()
    expect(page.locator(".cm-content")).to_contain_text("version: 4")
    type_over(page, 'rate: "0.24"', by='rate: "0.27"')
    type_over(page, 'rate: "0.16"', by='rate: "0.18"')
    type_over(page, "active_merchants >= 20", by="active_merchants >= 25")
    expect(page.locator(".bench-side .finding")).to_have_count(1)
    page.mouse.move(0, 0)


def _payment(page: Page) -> None:
    # A day that is closed, so that shares and settlement are there to be seen.
    page.goto("/payments?decision=REVIEW&first=2025-04-01&last=2025-04-13")
    page.locator("a[href^='/payments/P']").first.click()
    page.wait_for_url("**/payments/P*")
    expect(page.locator("h1")).to_contain_text("P")


def _income(page: Page) -> None:
    page.goto("/m/income")
    expect(page.locator(".hero")).to_contain_text("¥")


_SHOTS: tuple[tuple[str, str, tuple[int, int], Callable[[Page], None]], ...] = (
    ("report", "bj", DESK, _report),
    ("workbench", "ops", DESK, _workbench),
    ("payment", "ops", DESK, _payment),
    ("income", "b0001", PHONE, _income),
)


def type_over(page: Page, part: str, *, by: str) -> None:
    """Type `by` for `part` in the one line of the editor that contains it: click, select, type."""
    found = page.locator(".cm-line").filter(has_text=part)
    expect(found).to_have_count(1)
    found.click()
    page.keyboard.press("Home")
    page.keyboard.press("Home")  # the first press stops at the indentation
    page.keyboard.press("Shift+End")
    old = found.inner_text().splitlines()[-1]
    page.keyboard.insert_text(old.replace(part, by))


def _calmed(page: Page, png: bytes) -> bytes:
    """Return the picture with the rare shades at the edges of letters rounded; what covers an area stays."""
    source = f"data:image/png;base64,{b64encode(png).decode()}"
    drawn: str = page.evaluate(_ROUND_RARE_SHADES, source)
    return b64decode(drawn.partition(",")[2])


_ROUND_RARE_SHADES = """async (source) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const { width, height } = image;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { alpha: false });
  context.drawImage(image, 0, 0);
  const picture = context.getImageData(0, 0, width, height);
  const shades = new Uint32Array(picture.data.buffer);
  const times = new Map();
  for (const shade of shades) times.set(shade, (times.get(shade) || 0) + 1);
  const rounded = (part) => Math.min(255, Math.round(part / 24) * 24);
  for (let i = 0; i < shades.length; i++)
    if (times.get(shades[i]) < 200)
      for (let part = 0; part < 3; part++) picture.data[4 * i + part] = rounded(picture.data[4 * i + part]);
  context.putImageData(picture, 0, 0);
  return canvas.toDataURL('image/png');
}"""


def smaller(png: bytes) -> bytes:
    """Return the same picture with its pixels packed as tightly as zlib can: the browser packs for speed."""
    head, packed, end = [png[:8]], b"", 8
    while end < len(png):
        start, end = end, end + 12 + int.from_bytes(png[end : end + 4])
        if png[start + 4 : start + 8] == b"IDAT":
            packed += png[start + 8 : end - 4]
        elif png[start + 4 : start + 8] == b"IHDR":
            head.append(png[start:end])
    pixels = zlib.compress(zlib.decompress(packed), level=9)
    return b"".join([*head, _chunk(b"IDAT", pixels), _chunk(b"IEND", b"")])


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4) + checked + zlib.crc32(checked).to_bytes(4)


def main() -> int:
    """Start a product, take the pictures, say what was written; 2 where there is no browser."""
    if find_chromium() is None:
        speech.err.print("[red]✗[/] 没有 Chromium；安装：apt-get install chromium fonts-noto-cjk")
        speech.err.print("  [dim]no Chromium here; name one in HAODIAN_CHROMIUM or install it[/]")
        return 2
    try:
        speech.note("先启动一个试用产品，约需两分钟", "a product on trial starts first: about two minutes")
        with trial(within_s=STARTS_WITHIN_S) as product, speech.step("截图", "taking the pictures"):
            taken = take(product.url, folder=PICTURES)
    except TrialFailed as failed:
        speech.err.print(f"[red]✗[/] 产品没有启动 [dim]the product did not start[/]\n{failed}")
        return 1
    for path in taken:
        speech.out.print(f"  {path.relative_to(CHECKOUT)}  {path.stat().st_size // 1000} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
