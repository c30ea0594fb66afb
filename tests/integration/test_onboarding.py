"""进件: what is refused with which code, and that a merchant let in can take a payment at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from engine.forms import Form, load_form
from engine.releases import Author, create_repository
from engine.rulebook.documents import load as load_document
from payments_core import audit, hierarchy, rulebooks
from payments_core.calendar import SHANGHAI
from payments_core.database import transaction
from payments_core.errors import PaymentsCoreError
from payments_core.merchants import bindings
from payments_core.merchants.errors import (
    ApplicationDecided,
    ApplicationNotFound,
    BrokerNotInStore,
    FormInvalid,
    FormUnfit,
    MediaInvalid,
    MerchantExists,
)
from payments_core.merchants.onboarding import Application, blacklist_subject, decide, submit
from payments_core.merchants.photos import MAX_PHOTO_BYTES, photo_kind, store_photo
from payments_core.payments import AcceptRequest, Capture, Committer
from payments_core.privacy import Sealer
from payments_core.rulebooks import ActiveRulebook
from tests.builders import BROKER, OTHER_STORE, STORE, SUCCESSOR, build_merchant, build_org

ROOT = Path(__file__).parent.parent.parent
PATH = "forms/onboarding.yaml"
TEXT = (ROOT / PATH).read_text(encoding="utf-8")
NOW = datetime(2025, 4, 16, 10, 30, tzinfo=SHANGHAI)
SEALER = Sealer(keys={"k1": b"1" * 32}, active="k1", hash_key=b"h" * 32)
COMMIT = "a" * 40
OTHER_LICENCE = "92110105MA01B3XY7J"


def _form(source: str = TEXT) -> Form:
    made, findings = load_form(path=PATH, text=source)
    assert made is not None, findings
    return made


def _example() -> dict[str, Any]:
    document, _ = load_document(path=PATH, text=TEXT)
    assert document is not None
    return dict(document.value["example"]["answers"])


FORM, ANSWERS = _form(), _example()


@pytest.fixture
def world(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        build_org(connection)
    return engine


def _submit(
    engine: Engine,
    changes: Mapping[str, object] | None = None,
    *,
    form: Form = FORM,
    broker_id: str = BROKER,
    store_id: str = STORE,
    now: datetime = NOW,
) -> Application:
    with transaction(engine) as connection:
        return submit(
            connection,
            form=form,
            release_commit=COMMIT,
            answers={**ANSWERS, **(changes or {})},
            broker_id=broker_id,
            store_id=store_id,
            submitted_by="wanglei",
            now=now,
            sealer=SEALER,
        )


def _rows(engine: Engine, sql: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(text(sql))]


def _refused(kind: type[PaymentsCoreError], engine: Engine, *args: Any, **kwargs: Any) -> PaymentsCoreError:
    """Expect the refusal, and that it left nothing behind."""
    before = _rows(engine, "SELECT (SELECT count(*) FROM application) a, (SELECT count(*) FROM merchant) m")
    with pytest.raises(kind) as refusal:
        _submit(engine, *args, **kwargs)
    after = _rows(engine, "SELECT (SELECT count(*) FROM application) a, (SELECT count(*) FROM merchant) m")
    assert after == before
    return refusal.value


def test_a_clean_application_opens_a_merchant_with_all_it_needs(world: Engine) -> None:
    made = _submit(world)
    assert made == Application(application_id="JJ-20250416-00001", state="ACTIVE", merchant_id="M00001")
    [merchant] = _rows(world, "SELECT * FROM merchant")
    assert (merchant["name"], merchant["type"], merchant["mcc"]) == ("老王饺子馆", "INDIVIDUAL", "5812")
    assert (merchant["latitude_e6"], merchant["longitude_e6"]) == (39_996_794, 116_480_983)
    assert (merchant["city_id"], merchant["tags"], merchant["risk_grade"]) == ("BJ", [], "LOW")
    assert merchant["activated_at"] == NOW
    served = _rows(world, "SELECT role, broker_id, store_id FROM merchant_binding ORDER BY role")
    assert served == [
        {"role": role, "broker_id": BROKER, "store_id": STORE} for role in ("maintainer", "opener")
    ]
    [device] = _rows(world, "SELECT device_id, type, merchant_id FROM device")
    assert device == {"device_id": "QRP-M00001", "type": "QR_PLATE", "merchant_id": "M00001"}
    channels = _rows(world, "SELECT channel, sub_merchant_no FROM channel_merchant ORDER BY channel")
    assert channels == [
        {"channel": "ALIPAY", "sub_merchant_no": "2088000000000001"},
        {"channel": "WECHAT", "sub_merchant_no": "1600000001"},
    ]


def test_the_merchant_can_take_a_payment_at_once(world: Engine, tmp_path: Path) -> None:
    rules = {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for folder in ("rules", "forms")
        for file in sorted((ROOT / folder).rglob("*.*"))
    }
    repository, author = tmp_path / "rulebook.git", Author(name="系统", email="system@haodian")
    commit = create_repository(path=repository, files=rules, author=author, at=NOW - timedelta(days=200))
    with transaction(world) as connection:
        rulebooks.activate(
            connection, repository=repository, commit=commit, title="t", actor="ops", reason="", now=NOW
        )
    made = _submit(world)
    assert made.merchant_id is not None
    with Committer(engine=world, rulebooks=ActiveRulebook(repository, world)) as committer:
        order = AcceptRequest(
            merchant_id=made.merchant_id,
            merchant_order_no="A1",
            amount_fen=5000,
            channel="WECHAT",
            mode="STATIC_QR",
            device_id="QRP-M00001",
            created_at=NOW,
        )
        [accepted] = committer.accept_batch([order], now=NOW)
        capture = Capture(
            merchant_id=made.merchant_id, payment_id=accepted.payment_id, paid_at=NOW, channel_order_no="4200"
        )
        committer.capture_batch([capture], now=NOW)
    [payment] = _rows(world, "SELECT state, fee_fen, cost_fen FROM payment")
    assert payment == {"state": "SUCCESS", "fee_fen": 19, "cost_fen": 11}  # 5000 × 0.38 % and 0.22 %


def test_personal_answers_are_sealed_and_the_rest_is_readable(world: Engine) -> None:
    _submit(world)
    [row] = _rows(world, "SELECT * FROM application")
    stored = row["answers"]
    assert set(FORM.pii) & set(stored) == {
        "legal_name",
        "legal_id_no",
        "contact_name",
        "phone",
        "account_name",
        "card_no",
    }
    for name in stored:
        if name in FORM.pii:
            assert SEALER.open(stored[name], field=name) == ANSWERS[name]
        else:
            assert stored[name] == ANSWERS[name]
    for secret in ("13800001234", "110105198304121012", "6222020000111122222", "王建国"):
        assert secret not in json.dumps(stored, ensure_ascii=False)
    assert (row["form_id"], row["form_commit"], row["submitted_by"]) == ("onboarding", COMMIT, "wanglei")
    assert row["subject_hash"] == SEALER.hash_subject(ANSWERS["licence_no"])


def test_every_mistake_is_said_at_once_and_nothing_is_kept(world: Engine) -> None:
    refusal = _refused(
        FormInvalid,
        world,
        {
            "licence_no": "92110105MA01K7QP3X",
            "legal_id_no": "110105198304121013",
            "card_no": "6222020000111122223",
            "account_name": "李娜",
            "permit_expires": "2025-04-15",
            "photo_door": None,
            "colour": "red",
        },
    )
    assert isinstance(refusal, FormInvalid)
    assert refusal.code == "FORM_INVALID"
    assert {(finding.field, finding.code) for finding in refusal.findings} == {
        ("licence_no", "USCI_INVALID"),
        ("legal_id_no", "CN_ID_INVALID"),
        ("card_no", "CARD_INVALID"),
        ("account_name", "NAME_MISMATCH"),
        ("permit_expires", "DOCUMENT_EXPIRED"),
        ("photo_door", "FIELD_REQUIRED"),
        ("colour", "FIELD_UNKNOWN"),
    }


def test_a_document_is_compared_with_the_business_date_of_shanghai(world: Engine) -> None:
    """At 23:30 in London on the 15th it is the 16th here: a permit until the 15th has ended."""
    late = datetime.fromisoformat("2025-04-15T23:30:00+00:00")
    _refused(FormInvalid, world, {"permit_expires": "2025-04-15"}, now=late)
    assert _submit(world, {"permit_expires": "2025-04-16"}, now=late).application_id == "JJ-20250416-00001"


def test_one_subject_has_one_merchant(world: Engine) -> None:
    _submit(world)
    refusal = _refused(
        MerchantExists, world, {"short_name": "老王饺子馆二店"}, store_id=OTHER_STORE, broker_id=SUCCESSOR
    )
    assert (refusal.code, refusal.fields) == ("MERCHANT_DUPLICATE", {})


def test_a_micro_merchant_is_its_owner(world: Engine) -> None:
    _submit(world, {"type": "MICRO"})
    _refused(MerchantExists, world, {"type": "MICRO"})
    assert _submit(world).merchant_id == "M00002"  # with a licence it is another subject


def test_numbers_go_on_from_what_there_is_and_start_anew_each_day(world: Engine) -> None:
    with transaction(world) as connection:
        build_merchant(connection, "M00041")
    assert _submit(world).merchant_id == "M00042"
    tomorrow = _submit(world, {"licence_no": OTHER_LICENCE}, now=NOW + timedelta(days=1))
    assert (tomorrow.application_id, tomorrow.merchant_id) == ("JJ-20250417-00001", "M00043")


def test_applications_at_once_get_different_numbers_and_one_subject_wins_once(world: Engine) -> None:
    def attempt(licence: str) -> str:
        try:
            return _submit(world, {"licence_no": licence}).application_id
        except MerchantExists as refusal:
            return refusal.code

    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = sorted(pool.map(attempt, [ANSWERS["licence_no"], OTHER_LICENCE] * 2))
    assert answers == ["JJ-20250416-00001", "JJ-20250416-00002", "MERCHANT_DUPLICATE", "MERCHANT_DUPLICATE"]


def test_a_fee_plan_becomes_a_tag_that_rules_read(world: Engine) -> None:
    _submit(world, {"fee_plan": "WHOLESALE"})
    assert _rows(world, "SELECT tags FROM merchant") == [{"tags": ["WHOLESALE"]}]


def test_the_directory_version_moves_on(world: Engine) -> None:
    before = _rows(world, "SELECT directory_no FROM lane")[0]["directory_no"]
    _submit(world)
    [lane] = _rows(world, "SELECT directory_no FROM lane")
    [merchant] = _rows(world, "SELECT directory_no FROM merchant")
    assert before < merchant["directory_no"] <= lane["directory_no"]


@pytest.mark.parametrize(
    ("kwargs", "kind", "code"),
    [
        ({"store_id": OTHER_STORE}, BrokerNotInStore, "BROKER_NOT_IN_STORE"),
        ({"broker_id": "B9999"}, hierarchy.BrokerNotFound, "BROKER_NOT_FOUND"),
    ],
)
def test_a_broker_opens_for_their_own_store_only(
    world: Engine, kwargs: dict[str, Any], kind: type[PaymentsCoreError], code: str
) -> None:
    assert _refused(kind, world, **kwargs).code == code


def test_a_broker_who_left_opens_nothing(world: Engine) -> None:
    with transaction(world) as connection:
        bindings.broker_leaves(connection, broker_id=BROKER, at=NOW - timedelta(days=1))
    assert _refused(BrokerNotInStore, world).code == "BROKER_NOT_IN_STORE"


def test_a_blacklisted_subject_waits_for_risk_and_opens_when_approved(world: Engine) -> None:
    _blacklist(world, ANSWERS["legal_id_no"])
    made = _submit(world)
    assert (made.state, made.merchant_id) == ("AUDITING", None)
    assert _rows(world, "SELECT 1 FROM merchant") == []
    assert _refused(MerchantExists, world).code == "MERCHANT_DUPLICATE"  # while one waits, no second
    opened = _decide(world, made.application_id, approve=True)
    assert (opened.state, opened.merchant_id) == ("ACTIVE", "M00001")
    assert _rows(world, "SELECT risk_grade FROM merchant") == [{"risk_grade": "MID"}]
    with pytest.raises(ApplicationDecided) as refusal:
        _decide(world, made.application_id, approve=False)
    assert refusal.value.code == "APPLICATION_DECIDED"


def test_a_rejected_subject_may_apply_again(world: Engine) -> None:
    _blacklist(world, ANSWERS["licence_no"])
    first = _submit(world)
    assert _decide(world, first.application_id, approve=False).state == "REJECTED"
    assert _submit(world).application_id == "JJ-20250416-00002"


def test_an_application_that_is_not_there_cannot_be_decided(world: Engine) -> None:
    with pytest.raises(ApplicationNotFound) as refusal:
        _decide(world, "JJ-20250416-09999", approve=True)
    assert refusal.value.code == "APPLICATION_NOT_FOUND"


def test_submission_and_decision_are_in_the_audit_log_without_personal_data(world: Engine) -> None:
    _blacklist(world, ANSWERS["licence_no"])
    made = _submit(world)
    _decide(world, made.application_id, approve=True)
    with transaction(world) as connection:
        decision, submission = audit.list_events(connection, subject=made.application_id)
        assert audit.verify(connection) is None
    assert (submission.action, submission.actor, submission.role) == (
        "application.submit",
        "wanglei",
        "broker",
    )
    assert (decision.action, decision.actor, decision.role) == ("application.approve", "risk01", "risk")
    assert decision.detail == {"reason": "已核实", "merchant": "M00001"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    - address\n", ""),  # no longer required
        ("[WECHAT, ALIPAY, UNIONPAY_QR, BANKCARD]", "[WECHAT, ALIPAY, UNIONPAY_QR, BANKCARD, CASH]"),
    ],
)
def test_a_form_that_no_longer_asks_what_opening_needs_is_said_to_be_at_fault(
    world: Engine, old: str, new: str
) -> None:
    assert old in TEXT
    source = TEXT.replace(old, new, 1).replace(
        "        BANKCARD: {zh: 银行卡, en: Bank card}\n",
        "        BANKCARD: {zh: 银行卡, en: Bank card}\n"
        + ("        CASH: {zh: 现金, en: Cash}\n" if "CASH" in new else ""),
    )
    changes = {"channels": ["CASH"]} if "CASH" in new else {"address": ""}
    source = source.replace(
        "没有的渠道, set: {channels: [WECHAT, CASH]}", "没有的渠道, set: {channels: [COINS]}"
    )
    assert _refused(FormUnfit, world, changes, form=_form(source)).code == "FORM_UNFIT"


JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 20


@pytest.mark.parametrize(
    ("content", "kind"), [(JPEG, "jpg"), (PNG, "png"), (WEBP, "webp"), (JPEG + b"tail", "jpg")]
)
def test_a_photo_is_known_by_its_bytes(content: bytes, kind: str) -> None:
    assert photo_kind(content) == kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "NO_PICTURE"),
        (b"<html>\xff\xd8\xff", "NO_PICTURE"),
        (b"GIF89a", "NO_PICTURE"),
        (b"%PDF-1.7", "NO_PICTURE"),
        (JPEG[:10], "NO_PICTURE"),  # cut off
        (PNG[:20], "NO_PICTURE"),
        (JPEG + b"\0" * MAX_PHOTO_BYTES, "TOO_LARGE"),
    ],
)
def test_what_is_no_photo_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(MediaInvalid) as refusal:
        photo_kind(content)
    assert (refusal.value.code, refusal.value.fields["reason"]) == ("MEDIA_INVALID", reason)


def test_a_stored_photo_has_a_name_the_form_takes_and_two_have_two(tmp_path: Path) -> None:
    names = [store_photo(folder=tmp_path / "uploads", content=JPEG) for _ in "12"]
    assert len(set(names)) == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "uploads").iterdir()} == dict.fromkeys(
        names, JPEG
    )
    pattern = FORM.fields["photo_door"].schema["pattern"]
    assert pattern == "^[0-9a-f]{32}\\.(jpg|png|webp)$"
    assert all(len(name) == 36 and name.endswith(".jpg") for name in names)


def _blacklist(engine: Engine, subject: str) -> None:
    with transaction(engine) as connection:
        for _ in "12":
            blacklist_subject(
                connection, subject=subject, reason="欺诈", listed_by="risk01", now=NOW, sealer=SEALER
            )


def _decide(engine: Engine, application_id: str, *, approve: bool) -> Application:
    with transaction(engine) as connection:
        return decide(
            connection,
            application_id=application_id,
            approve=approve,
            decided_by="risk01",
            reason="已核实",
            now=NOW,
        )
