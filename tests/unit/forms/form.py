"""A small form with every construct, for tests to bend."""

from __future__ import annotations

from engine.forms import Form, load_form

PATH = "forms/visit.yaml"
TEXT = """kind: form
id: visit
version: 1
title: {zh: 上门, en: Visit}
owner: 总部运营
schema:
  type: object
  additionalProperties: false
  required: [kind, reason, phone, until]
  properties:
    kind:
      type: string
      title: 类型
      x-title-en: Kind
      enum: [REPAIR, OTHER]
      x-options: {REPAIR: {zh: 维修, en: Repair}, OTHER: {zh: 其他, en: Other}}
    reason: {type: string, title: 原因, x-title-en: Reason, minLength: 2, maxLength: 5}
    detail: {type: string, title: 细节, x-title-en: Detail}
    count: {type: integer, title: 台数, x-title-en: Count, minimum: 1, maximum: 9}
    urgent: {type: boolean, title: 加急, x-title-en: Urgent}
    parts:
      type: array
      title: 配件
      x-title-en: Parts
      items: {type: string, enum: [A, B, C]}
      minItems: 1
      maxItems: 2
      x-options: {A: {zh: 甲, en: A}, B: {zh: 乙, en: B}, C: {zh: 丙, en: C}}
    phone: {type: string, title: 手机, x-title-en: Phone, x-check: phone, x-pii: phone}
    code:
      type: string
      title: 编号
      x-title-en: Code
      pattern: "^[A-Z]{3}$"
      x-hint: {zh: 三个大写字母, en: three capitals}
      x-unique: true
    until: {type: string, format: date, title: 有效期, x-title-en: Until, x-expires: true}
sections:
  - id: what
    title: {zh: 事由, en: What}
    fields:
      - kind
      - {field: reason, when: "form.kind == 'OTHER'"}
      - {field: detail, when: "form.reason != ''"}
      - {field: count, required_when: "form.urgent"}
      - urgent
      - {field: parts, when: "form.kind == 'REPAIR'"}
      - {field: code, when: "100 / form.count > 0"}
  - id: who
    title: {zh: 联系, en: Who}
    when: "form.kind != ''"
    fields: [phone, until]
checks:
  - when: "form.urgent && 90 / form.count < 20"
    field: urgent
    code: TOO_MANY
    message: {zh: 太多, en: too many}
  - when: "'A' in form.parts && 'B' in form.parts"
    field: parts
    code: PARTS_EXCLUDE
    message: {zh: 甲乙不能同时选, en: not A and B}
example: {as_of: "2025-04-16", answers: {kind: REPAIR, count: 1, phone: "13800001234", until: "2025-04-16"}}
tests:
  - {name: 其他要原因, set: {kind: OTHER}, expect: {reason: [FIELD_REQUIRED]}, hidden: [parts, detail]}
"""


def form() -> Form:
    """Return the form; it has no findings."""
    made, findings = load_form(path=PATH, text=TEXT)
    assert findings == ()
    assert made is not None
    return made
