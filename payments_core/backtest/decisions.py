"""Risk decisions of one day under the draft, from the facts each decision was made on.

    facts     the stored values of the decision, else the payment's own columns, else NULL
    read      every condition: true, false, or NULL; and whether it is NULL for want of a fact
    judged    each file's score and gravest decision, then the bands over the sum: as `risk.decision` does

A rule that reads a fact that was not stored is not evaluated, and neither is the payment: the draft's
decision is '' then. A rule that cannot be computed from facts that are there is an error, as for the product.
A rule in rollout counts for its own sample, which is the same for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, text

from engine.expressions import Condition
from engine.rulebook import Rule
from payments_core.backtest.facts import PaymentFacts, array_literal, quoted
from payments_core.backtest.made import drop_tables, make_table
from payments_core.backtest.plan import Plan
from payments_core.backtest.risk_sets import RiskSet, RiskStretch, risk_sets, scored_of
from payments_core.backtest.tables import backtest_hit
from payments_core.risk import PASS, REJECT, REVIEW, RISK_KIND
from payments_core.risk.samples import SAMPLE_SQL, sample_of

JUDGED = "bt_judged"
_RANK = {PASS: 0, REVIEW: 1, REJECT: 2}
_UNREAD = -1


def decisions_of(connection: Connection, plan: Plan, *, day_no: int, day: date) -> None:
    """Write the decisions of the payments created on a day, and which rules fired.

    Nothing is written where the draft leaves risk as it is.
    """
    sets, stretches = risk_sets(plan, day)
    if not sets:
        return
    files = _files(sets)
    make_table(connection, JUDGED, _query(plan, sets, stretches, files, day))
    connection.execute(_DECISIONS, {"day_no": day_no})
    _write_hits(connection, day_no, files)
    connection.execute(_BOOKED_HITS, {"day_no": day_no, "kind": RISK_KIND, **_booked(sets)})
    drop_tables(connection, JUDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A proposed rule file with the numbers of its conditions, the columns c0, c1 …"""

    rule: Rule
    first: int

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"c{self.first + n}" for n in range(len(self.conditions)))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return scored_of(self.rule).conditions

    @property
    def enforced(self) -> bool:
        return bool(self.rule.spec.get("mode", "enforce") != "shadow")

    @property
    def failed(self) -> str:
        """The SQL of whether one of its rules is an error."""
        return f"({' OR '.join(f'{column} IS NULL' for column in self.columns)})"


def _files(sets: Sequence[RiskSet]) -> tuple[_File, ...]:
    found: list[_File] = []
    number = 0
    for rule in (rule for one in sets for rule in one.proposed):
        if all(rule is not file.rule for file in found):
            found.append(_File(rule=rule, first=number))
            number += len(found[-1].conditions)
    return tuple(found)


def _query(
    plan: Plan, sets: Sequence[RiskSet], stretches: Sequence[RiskStretch], files: Sequence[_File], day: date
) -> str:
    conditions = [condition for file in files for condition in file.conditions]
    samples = {sample.by for file in files if (sample := sample_of(file.rule)) is not None}
    names = sorted(samples.union(*(condition.reads for condition in conditions)))
    facts = PaymentFacts(
        facts=plan.proposed.vocabulary.facts, at="p.created_at", sets=plan.sets, placed=False, values="a.v"
    )
    columns = {name: f"f{number}" for number, name in enumerate(names)}
    read = ", ".join(f"{facts.text(name)} AS {column}" for name, column in columns.items())
    answers = [
        f"{facts.condition_over(condition, columns)} AS c{number},"
        f" {_missing(condition, columns)} AS m{number}"
        for number, condition in enumerate(conditions)
    ]
    return f"""SELECT payment_id, amount_fen, label, risk_decision, risk_hits, set_no, {_hits(files)},
  CASE WHEN set_no IS NULL THEN risk_decision ELSE CASE {_judged(sets, files, columns)} WHEN 2 THEN '{REJECT}'
    WHEN 1 THEN '{REVIEW}' WHEN 0 THEN '{PASS}' ELSE '' END END AS draft
FROM (SELECT *, {", ".join(answers)} FROM (
  SELECT p.payment_id, p.amount_fen, coalesce(l.label, '') AS label, p.risk_decision, p.risk_hits, s.set_no,
    {read}
  FROM payment p LEFT JOIN payment_label l USING (merchant_id, payment_id)
  LEFT JOIN ({_stretches(stretches)}) s
    ON s.merchant_id = p.merchant_id AND p.created_at >= s.start_at AND p.created_at < s.end_at
  LEFT JOIN merchant m ON m.merchant_id = p.merchant_id
  CROSS JOIN LATERAL (SELECT CASE WHEN s.set_no IS NOT NULL
    THEN ARRAY(SELECT json_array_elements_text(p.fact_values)) END AS v OFFSET 0) a
  WHERE {_created_on(day)}{_meant(plan)} OFFSET 0) facts OFFSET 0) answers"""


def _missing(condition: Condition, columns: dict[str, str]) -> str:
    """Whether a fact that the condition reads is not there."""
    return f"({' OR '.join(f'{columns[name]} IS NULL' for name in sorted(condition.reads)) or 'false'})"


def _judged(sets: Sequence[RiskSet], files: Sequence[_File], columns: Mapping[str, str]) -> str:
    arms = []
    for number, one in enumerate(sets, start=1):
        meant = [file for rule in one.proposed for file in files if file.rule is rule]
        arms.append(f"WHEN {number} THEN {_of_set(_effective(meant, columns))}")
    return f"CASE set_no {' '.join(arms)} END"


Effective = tuple[_File, str]
"""A file, and the SQL of whether it has an effect on a payment."""


def _effective(files: Sequence[_File], columns: Mapping[str, str]) -> list[Effective]:
    """Return when each file counts: one in rollout for its sample, and then not the one it stands in for."""
    found = {file.rule.id: (file, ["true"]) for file in files if file.enforced}
    for file, counts in [*found.values()]:
        sample = sample_of(file.rule)
        if sample is None:
            continue
        place = SAMPLE_SQL.format(salt=quoted(sample.salt), by=f"CAST({columns[sample.by]} AS text)")
        counts.append(f"{place} < {sample.share_ppm}")
        instead = file.rule.spec.get("in_place_of", "")
        if instead:
            counts.append(f"NOT {file.failed}")
        if instead in found:
            found[instead][1].append(f"NOT ({' AND '.join(counts)})")
    return [(file, f"({' AND '.join(counts)})") for file, counts in found.values()]


def _of_set(files: Sequence[Effective]) -> str:
    """Return the rank of the decision of the files; their order makes no difference to it."""
    unread = [
        f"{on} IS NOT FALSE AND {column} IS NULL AND m{column[1:]}"
        for file, on in files
        for column in file.columns
    ]
    score = " + ".join(f"CASE WHEN {on} THEN {_score(file)} ELSE 0 END" for file, on in files) or "0"
    grave = ", ".join(["0", *(f"CASE WHEN {on} THEN {_gravest(file)} ELSE 0 END" for file, on in files)])
    bands = [f"CASE WHEN {on} THEN {_band(file, 'total')} ELSE 0 END" for file, on in files if _bands(file)]
    judged = f"greatest({grave}, CASE WHEN total <> 0 THEN greatest({', '.join(['0', *bands])}) ELSE 0 END)"
    found = f"(SELECT {judged} FROM (SELECT {score} AS total OFFSET 0) scores)"
    return f"CASE WHEN {' OR '.join(unread) or 'false'} THEN {_UNREAD} ELSE {found} END"


def _score(file: _File) -> str:
    """What the file adds: nothing where one of its rules is an error."""
    points = " + ".join(
        f"{one.score} * {column}::int"
        for one, column in zip(scored_of(file.rule).rules, file.columns, strict=True)
    )
    return f"CASE WHEN {file.failed} THEN 0 ELSE {points} END"


def _gravest(file: _File) -> str:
    own = [
        f"CASE WHEN {column} THEN {_RANK[one.decision]} ELSE 0 END"
        for one, column in zip(scored_of(file.rule).rules, file.columns, strict=True)
        if one.decision
    ]
    failing = _RANK[PASS] if file.rule.spec.get("fail_mode", "closed") == "open" else _RANK[REJECT]
    return f"CASE WHEN {file.failed} THEN {failing} ELSE greatest({', '.join(['0', *own])}) END"


def _bands(file: _File) -> list[tuple[int, str]]:
    return sorted(((b["min"], b["decision"]) for b in file.rule.spec.get("score_bands", ())), reverse=True)


def _band(file: _File, score: str) -> str:
    arms = " ".join(f"WHEN {score} >= {least} THEN {_RANK[said]}" for least, said in _bands(file))
    return f"CASE {arms} ELSE 0 END"


def _hits(files: Sequence[_File]) -> str:
    """Return a column a rule: whether it fired; a file with an error fires as RULE_ERROR only."""
    return ", ".join(
        f"({column} AND NOT {file.failed}) IS TRUE AS h{column[1:]}"
        for file in files
        for column in file.columns
    )


def _created_on(day: date) -> str:
    local = "::timestamp AT TIME ZONE 'Asia/Shanghai'"
    return f"p.created_at >= ('{day}'{local}) AND p.created_at < (('{day}'::date + 1){local})"


def _meant(plan: Plan) -> str:
    if plan.merchants is None:
        return ""
    return f" AND p.merchant_id = ANY (CAST({array_literal(plan.merchants)} AS text[]))"


def _stretches(stretches: Sequence[RiskStretch]) -> str:
    arrays = (
        f"CAST({array_literal(values)} AS {kind}[])"
        for kind, values in (
            ("text", [one.merchant_id for one in stretches]),
            ("timestamptz", [one.start.isoformat() for one in stretches]),
            ("timestamptz", [one.end.isoformat() for one in stretches]),
            ("int", [one.set_no for one in stretches]),
        )
    )
    return f"SELECT * FROM unnest({', '.join(arrays)}) AS s (merchant_id, start_at, end_at, set_no)"


def _write_hits(connection: Connection, day_no: int, files: Sequence[_File]) -> None:
    items = [
        (file.rule, one.id, column[1:])
        for file in files
        for one, column in zip(scored_of(file.rule).rules, file.columns, strict=True)
    ]
    sums = ", ".join(
        f"count(*) FILTER (WHERE h{n}) AS n{n}, coalesce(sum(amount_fen) FILTER (WHERE h{n}), 0) AS a{n}"
        for _, _, n in items
    )
    found = connection.exec_driver_sql(f"SELECT label, {sums} FROM {JUDGED} GROUP BY label").mappings()
    rows = [
        {
            "day_no": day_no,
            "kind": RISK_KIND,
            "rule_id": rule.id,
            "version": rule.version,
            "item": item,
            "side": "draft",
            "label": row["label"],
            "hits": row[f"n{n}"],
            "amount_fen": row[f"a{n}"],
        }
        for row in found
        for rule, item, n in items
        if row[f"n{n}"]
    ]
    if rows:
        connection.execute(insert(backtest_hit), rows)


def _booked(sets: Sequence[RiskSet]) -> dict[str, list[object]]:
    """Return which released file a hit's id is of."""
    named = {one.id: rule for each in sets for rule in each.released for one in scored_of(rule).rules}
    return {
        "items": list(named),
        "rules": [rule.id for rule in named.values()],
        "versions": [rule.version for rule in named.values()],
    }


_DECISIONS = text(f"""
INSERT INTO backtest_decision (day_no, released, draft, label, payments, amount_fen, examples)
SELECT :day_no, risk_decision, draft, label, count(*), sum(amount_fen),
  (array_agg(payment_id ORDER BY amount_fen DESC, payment_id))[1:5]
FROM {JUDGED} GROUP BY risk_decision, draft, label
""")
_BOOKED_HITS = text(f"""
INSERT INTO backtest_hit (day_no, kind, rule_id, version, item, side, label, hits, amount_fen)
SELECT :day_no, :kind, i.rule_id, i.version, i.item, 'released', j.label, count(*), sum(j.amount_fen)
FROM {JUDGED} j CROSS JOIN LATERAL unnest(j.risk_hits) AS h (hit)
JOIN unnest(CAST(:items AS text[]), CAST(:rules AS text[]), CAST(:versions AS int[]))
  AS i (item, rule_id, version)
  ON i.item = regexp_replace(h.hit, '^rollout:', '')
GROUP BY i.rule_id, i.version, i.item, j.label
""")
