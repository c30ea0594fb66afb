"""What differs between two versions of a rule, line by line, in the words of the business.

    rule_differences(old=old, new=new, kind=kind)[0].words(language="zh")   # 「标准」 · 费率：0.38 % → 0.60 %
    rulebook_differences(old=before, new=after)                             # every rule that differs

Rows are the same row by their label or id, by their condition, or by being most alike, never by position.
What the change does to amounts and decisions: `engine.rulebook.prove.compare`.
"""

from engine.rulebook.differences.books import RuleDifferences, rulebook_differences
from engine.rulebook.differences.lines import rule_differences
from engine.rulebook.differences.matching import pair_items
from engine.rulebook.differences.model import Difference, Words

__all__ = [
    "Difference",
    "RuleDifferences",
    "Words",
    "pair_items",
    "rule_differences",
    "rulebook_differences",
]
