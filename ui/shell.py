"""The frame around every page: rail, top bar, header with one headline; on phones a bar of tabs.

The rail shows only what the role may open. Brokers and merchants get the phone frame at every width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nicegui import ui

from payments_core.access import Action, Person, Role, may
from ui.i18n import t
from ui.icons import icon
from ui.login import hidden_form
from ui.markup import Markup, div, join, link, show, span, tag

if TYPE_CHECKING:
    from payments_core.reporting import Surroundings
    from ui.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One job to be done: its name, icon, first page, and the permission that opens it."""

    key: str
    icon: str
    href: str
    action: Action | None = None


SECTIONS: tuple[Section, ...] = (
    Section(key="today", icon="today", href="/", action=Action.READ_REPORT),
    Section(key="money", icon="money", href="/payments", action=Action.READ_PAYMENTS),
    Section(key="settlement", icon="settlement", href="/settlement", action=Action.READ_SETTLEMENT),
    Section(key="findings", icon="shield", href="/findings", action=Action.READ_RISK_CASES),
    Section(key="rules", icon="rules", href="/rules", action=Action.READ_MONEY_RULES),
    Section(key="people", icon="people", href="/hierarchy", action=Action.READ_REPORT),
    Section(key="growth", icon="growth", href="/onboarding", action=Action.READ_APPLICATIONS),
)
_BROKER_TABS = (
    Section(key="income", icon="income", href="/m/income"),
    Section(key="merchants", icon="store", href="/m/merchants"),
    Section(key="me", icon="person", href="/m/me"),
)
_MERCHANT_TABS = (
    Section(key="bill", icon="bill", href="/m/bill"),
    Section(key="me", icon="person", href="/m/me"),
)
PHONE_ROLES = frozenset({Role.BROKER, Role.MERCHANT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The two places of the header that a page may fill later: the answer and the actions."""

    answer: ui.html
    actions: ui.element

    def tell(self, headline: Markup) -> None:
        """Set the headline sentence."""
        self.answer.set_content(str(div(headline, cls="ans")))


def landing(person: Person) -> str:
    """Return the first page of a role."""
    if person.role is Role.BROKER:
        return "/m/income"
    if person.role is Role.MERCHANT:
        return "/m/bill"
    if not may(person, Action.READ_REPORT):
        return "/rules"
    return "/" if person.scope.kind == "all" else f"/hierarchy/{person.scope.id}"


@contextmanager
def frame(
    visit: Visit,
    *,
    section: str,
    title: str,
    around: Surroundings | None = None,
    crumbs: Sequence[tuple[str, str]] = (),
    after_title: Markup | None = None,
    headline: Markup | None = None,
    actions: Markup | None = None,
) -> Iterator[Frame]:
    """Build the frame and enter its body. `crumbs` are (name, address) above the page; the last is the
    page itself.

    `around` is `reporting.surroundings`, read together with the page's own figures; without it the top bar
    shows no release and no rate.
    """
    ui.page_title(f"{title} · {t('app.name')}")
    if visit.person.role in PHONE_ROLES:
        with _phone_frame(visit, section=section, title=title, headline=headline, actions=actions) as made:
            yield made
        return
    show(_skip())
    with ui.element("div").classes("app"):
        _rail(visit.person, section)
        with ui.element("div").classes("main"):
            show(_top(visit, around))
            with ui.element("section").classes("head"):
                with ui.element("div").classes("head-row"):
                    show(_title(title, crumbs, after_title))
                    show(span(cls="grow"), cls="grow")
                    with ui.element("div").classes("actions") as place:
                        if actions is not None:
                            show(actions)
                answer = show(div(headline, cls="ans"))
            with ui.element("main").classes("body").props("id=body tabindex=-1"):
                yield Frame(answer=answer, actions=place)


@contextmanager
def _phone_frame(
    visit: Visit, *, section: str, title: str, headline: Markup | None, actions: Markup | None
) -> Iterator[Frame]:
    show(_skip())
    with ui.element("div").classes("phone"):
        with ui.element("header").classes("ptop"):
            show(tag("h1", title))
            show(span(cls="grow"), cls="grow")
            with ui.element("div").classes("actions") as place:
                pass
        with ui.element("main").classes("scr").props("id=body tabindex=-1"):
            answer = show(div(headline, cls="hero m") if headline else Markup(""))
            if actions is not None:
                show(div(actions, cls="hero"))
            yield Frame(answer=answer, actions=place)
        tabs = _BROKER_TABS if visit.person.role is Role.BROKER else _MERCHANT_TABS
        links = [
            tag(
                "a",
                icon(tab.icon, size=22),
                span(t(f"nav.{tab.key}")),
                href=tab.href,
                cls="on" if tab.key == section else "",
                aria_current="page" if tab.key == section else None,
            )
            for tab in tabs
        ]
        show(tag("nav", *links, cls="ptabs", aria_label=t("nav.main")))


def _skip() -> Markup:
    return tag("a", t("nav.skip"), href="#body", cls="skip")


def _rail(person: Person, section: str) -> None:
    items = [
        tag(
            "a",
            icon(one.icon, size=22),
            span(t(f"nav.{one.key}")),
            href=one.href,
            cls="rail-item on" if one.key == section else "rail-item",
            aria_current="page" if one.key == section else None,
        )
        for one in SECTIONS
        if one.action is None or may(person, one.action)
    ]
    brand = tag(
        "a",
        span(t("app.mark"), cls="brand-mark"),
        href="/",
        cls="brand",
        aria_label=t("app.name"),
    )
    rail = ui.html(str(join(brand, *items, span(cls="grow"))), sanitize=False, tag="nav").classes("rail")
    rail.props["aria-label"] = t("nav.main")


def _top(visit: Visit, around: Surroundings | None) -> Markup:
    person = visit.person
    role = span(icon("person", size=14), f"{t(f'role.{person.role.value}')} {person.name}", cls="chip info")
    scope = span(
        icon("tree", cls="f"),
        t("top.scope"),
        " ",
        span(around.scope_name if around else person.scope.id or "—", cls="b"),
        cls="row",
    )
    search = tag(
        "form",
        icon("search"),
        tag(
            "input",
            name="q",
            placeholder=t("top.search"),
            aria_label=t("top.search"),
            autocomplete="off",
            maxlength=60,
        ),
        span("Ctrl K", cls="f s"),
        cls="search",
        action="/search",
        method="get",
        role="search",
    )
    return tag(
        "header",
        role,
        scope,
        span(cls="grow"),
        search,
        _release(around),
        _rate(around),
        _menu(visit),
        cls="top",
    )


def _release(around: Surroundings | None) -> Markup | None:
    if around is None:
        return None
    if around.release_no is None:
        return span(icon("rules", size=16), t("top.no_release"), cls="stat")
    name = link(f"R-{around.release_no}", "/releases", cls="lk mono")
    return span(icon("rules", size=16), t("top.release"), " ", name, " ", t("top.in_force"), cls="stat")


def _rate(around: Surroundings | None) -> Markup | None:
    if around is None or around.payments_last_minute is None:
        return None
    tenths = (around.payments_last_minute * 10 + 30) // 60
    dot = tag("i", cls="dot" if tenths else "dot idle")
    told = t("top.rate", rate=f"{tenths // 10:,}.{tenths % 10}")
    return span(dot, span(told), cls="stat", title=t("top.rate_title"))


def _menu(visit: Visit) -> Markup:
    person = visit.person
    head = div(div(person.name, cls="b"), div(t(f"role.{person.role.value}"), cls="f s"), cls="menu-head")
    return tag(
        "details",
        tag("summary", span(person.name[:1], cls="ava"), aria_label=t("person.menu", name=person.name)),
        div(head, account_forms(visit), cls="pop"),
        cls="menu",
    )


def account_forms(visit: Visit, *, cls: str = "") -> Markup:
    """Return language, look and sign-out, each a form; `cls` is "li" for the rows of a phone page."""
    hidden = hidden_form(visit.token, visit.path)
    other = "zh" if visit.person.language == "en" else "en"
    look = "light" if visit.dark else "dark"
    return join(
        _form(
            "/account/language", hidden, "language", t("person.language"), name="code", value=other, cls=cls
        ),
        _form(
            "/account/look",
            hidden,
            "sun" if visit.dark else "moon",
            t(f"person.{look}"),
            name="look",
            value=look,
            cls=cls,
        ),
        _form("/logout", hidden, "logout", t("person.logout"), name="leave", value="1", cls=cls),
    )


def _form(action: str, hidden: Markup, mark: str, label: str, *, name: str, value: str, cls: str) -> Markup:
    button = tag(
        "button", icon(mark), label, type="submit", name=name, value=value, cls=f"menu-item {cls}".strip()
    )
    return tag("form", hidden, button, method="post", action=action)


def _title(title: str, crumbs: Sequence[tuple[str, str]], after: Markup | None) -> Markup:
    above = [join(link(name, href) if href else span(name), span(" / ", cls="f")) for name, href in crumbs]
    return div(tag("h1", span(*above, cls="crumb") if above else None, title), after, cls="row")
