"""Checks between plain fields: each on a worked file that one edit has made wrong, and where it says so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.diagnostics import Severity
from engine.rulebook import Context, check, parse_rule

CAMPAIGN = "rules/campaign/camp.icbc.20-5.yaml"
TASK = "rules/task/task.device_offline_visit.yaml"
SEGMENT = "rules/segment/seg.weekend_family.yaml"
SLA = "rules/sla/sla.ticket.yaml"
DEVICE = "rules/device_rule/dev.core.yaml"
EXAM = "rules/assessment/assess.hd_basic.yaml"
AD = "rules/ad_placement/ad.result_page.main.yaml"
WORDS = "rules/banned_words/banned.ad_law.yaml"
LEVELS = "rules/broker_level/level.ladder.yaml"

WRONG = (
    # file, what stands there, what is written instead, where the finding begins, code, what it says
    (CAMPAIGN, "bp: 1000}]", "bp: 1001}]", "1001", "SPLIT_SUM", "7000 + 2000 + 1001"),
    (AD, "id: listing, bp: 5000", "id: listing, bp: 4000", "4000", "SPLIT_SUM", "9000"),
    (EXAM, "合规底线, points: 30", "合规底线, points: 29", "29}", "SPLIT_SUM", "99"),
    (EXAM, "投诉, by: broker.complaints_90d, weight: 10", "投诉, by: broker.complaints_90d, weight: 11",
     "11}", "SPLIT_SUM", "101"),
    (AD, "id: listing, bp", "id: card, bp", "card, bp: 5000}]", "ID_DUPLICATE", "card"),
    (TASK, "id: result, label", "id: photo, label", "photo, label: 填写", "ID_DUPLICATE", "photo"),
    (DEVICE, "id: FAULT", "id: LOST", "LOST\n", "ID_DUPLICATE", "LOST"),
    (WORDS, "最高级", "国家级", "国家级, 最佳", "ID_DUPLICATE", "国家级"),
    (SEGMENT, "[7, 14, 30, 60]", "[7, 14, 14, 60]", "14, 60", "NOT_RISING", "r_days #3"),
    (SEGMENT, "[1, 2, 4, 8]", "[1, 2, 9, 8]", "8]", "NOT_RISING", "9"),
    (TASK, '{at_pct: "1.00"', '{at_pct: "0.80"', '"0.80", to: district', "NOT_RISING", "0.80"),
    (CAMPAIGN, 'to: "24:00"', 'to: "00:00"', '"00:00"}', "TIME_ORDER", "00:00"),
    (SLA, '["09:00", "18:00"]', '["18:00", "09:00"]', '"09:00"]}', "TIME_ORDER", "18:00"),
    (SLA, "calendar: work", "calendar: wrok", "wrok", "NAME_UNKNOWN", "wrok"),
    (TASK, "calendar: beike_7x12", "calendar: beike", "beike\n", "NAME_UNKNOWN", "beike"),
    (CAMPAIGN, "off_fen: 500", "off_fen: 2000", "2000}", "OVER_LIMIT", "2000"),
    (CAMPAIGN, "per_day: 500,", "per_day: 40001,", "40001", "OVER_LIMIT", "quota.total"),
    (CAMPAIGN, "week: 3", "week: 11", "11, month", "OVER_LIMIT", "10"),
    (SLA, "respond_min: 15", "respond_min: 121", "121", "OVER_LIMIT", "rows.0.resolve_min"),
    (TASK, "[device.sn]", "[device.sm]", "device.sm", "FACT_UNKNOWN", "device.sm"),
    (EXAM, "broker.opened_mtd", "merchant.mcc", "merchant.mcc", "FACT_WITHHELD", "merchant.mcc"),
    (SEGMENT, "[member.id]", "[member.f_score]", "member.r_score >=", "FACT_FORBIDDEN", "member.f_score"),
    (LEVELS, "id: P3", "id: P4", "P4\n", "SCHEMA_ENUM", "P3"),
    (LEVELS, "{id: P1, label: 见习", "{id: P2, label: 见习", "P2, label: 见习", "SCHEMA_ENUM", "P1"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "old", "new", "begins", "code", "said"), WRONG, ids=[f"{w[4]}-{w[1][:20]}" for w in WRONG]
)
def test_the_edit_that_breaks_it_is_found_where_it_is(
    files: Mapping[str, str],
    context: Context,
    path: str,
    old: str,
    new: str,
    begins: str,
    code: str,
    said: str,
) -> None:
    assert old in files[path]
    wrong = files[path].replace(old, new, 1)
    rule, findings = parse_rule(path=path, text=wrong, context=context)
    assert rule is None
    (found,) = findings
    assert (found.code, found.severity) == (code, Severity.ERROR)
    assert said in found.message + found.hint
    assert said in found.message_en + found.hint_en
    line = wrong.splitlines(keepends=True)[found.location.line - 1]
    assert line[found.location.column - 1 :].startswith(begins)


STILL_RIGHT = (
    # At the very edge: equal where equal is meant, the same id in another list, hours to the end of the day.
    (CAMPAIGN, "off_fen: 500", "off_fen: 1999"),
    (CAMPAIGN, "per_day: 500,", "per_day: 40000,"),
    (CAMPAIGN, "week: 3", "week: 10"),
    (SLA, "respond_min: 15", "respond_min: 120"),
    (SLA, '["09:00", "18:00"]', '["09:00", "24:00"]'),
    (SEGMENT, "[7, 14, 30, 60]", "[7, 14, 15, 60]"),
    (WORDS, "稳赚", "第一"),
)


@pytest.mark.parametrize(("path", "old", "new"), STILL_RIGHT, ids=[w[2][:24] for w in STILL_RIGHT])
def test_what_is_just_right_passes(
    files: Mapping[str, str], context: Context, path: str, old: str, new: str
) -> None:
    assert old in files[path]
    rule, findings = parse_rule(path=path, text=files[path].replace(old, new, 1), context=context)
    assert (findings, rule is not None) == ((), True)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("check: sum_is, at: [funding.*.bp], total: 10000", "check: sum_is, at: [funding.*.bp]",
         "SCHEMA_MISSING_FIELD"),
        ("against: quota.total", "other: quota", "SCHEMA_MISSING_FIELD"),
        ("check: unique", "check: uniqe", "SCHEMA_ENUM"),
        ("in_use: false", "in_use: no", "SCHEMA_TYPE"),
    ],
)  # fmt: skip
def test_a_kind_that_asks_for_half_a_check_is_told(
    files: Mapping[str, str], old: str, new: str, code: str
) -> None:
    path = "rules/kinds/campaign.yaml"
    assert old in files[path]
    _, findings = check(files={**files, path: files[path].replace(old, new, 1)})
    assert [(one.code, one.location.file) for one in findings if one.severity is Severity.ERROR] == [
        (code, path)
    ]


def test_shape_errors_are_left_to_the_schema(files: Mapping[str, str], context: Context) -> None:
    """The checks between fields skip what is not even of the right type: one finding for one mistake."""
    for old, new in (
        ("funding: [{party: bank", "funding: [{party: 3"),
        ("windows: [{weekdays: [1, 2, 3, 4, 5, 6, 7], from:", "windows: [{weekdays: [8], from:"),
        ("quota: {total: 40000", 'quota: {total: "x"'),
        ("benefit: {type: fixed_off, min_fen: 2000, off_fen: 500}", "benefit: [1]"),
        ('to: "24:00"}]', 'to: "9:00"}]'),
    ):
        assert old in files[CAMPAIGN]
        _, findings = parse_rule(path=CAMPAIGN, text=files[CAMPAIGN].replace(old, new), context=context)
        assert findings
        assert all(one.code.startswith("SCHEMA_") for one in findings), (new, findings)
