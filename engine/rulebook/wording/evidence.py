"""What the tests in a file and the proofs about it say."""

from __future__ import annotations

from engine.diagnostics import Severity
from engine.rulebook.wording.template import Wording

EVIDENCE = {
    "TEST_FAILED": Wording(
        "测试 {test} 不符：{field} 期望 {expected}，实际 {actual}",
        "test {test} failed: {field} expected {expected}, got {actual}",
        "改正规则或改正期望值",
        "correct the rule or the expectation",
    ),
    "TEST_ERROR": Wording(
        "测试 {test} 无法计算：{detail}",
        "test {test} could not be evaluated: {detail}",
        "改正规则或测试的 facts",
        "correct the rule or the facts of the test",
    ),
    "PROOF_REFUTED": Wording(
        "{claim} 不成立：{said}",
        "{claim} does not stand: {said_en}",
        "改正规则；确实要这样，在文件里写 accept: {entry}",
        "correct the rule; if it is meant, write under accept: {entry}",
    ),
    "PROOF_UNDECIDED": Wording(
        "{claim} {said}",
        "{claim}: {said_en}",
        "换一种写法（见 docs/proofs.md），或自己看过再发布",
        "write it another way (docs/proofs.md), or look at it yourself",
        Severity.WARNING,
    ),
    "ACCEPTANCE_STALE": Wording(
        "接受的 {claim}（{at}）已经没有要接受的",
        "nothing is left to accept of {claim} at {at}",
        "删掉这一项",
        "remove the entry",
        Severity.WARNING,
    ),
    "ACCEPTANCE_EXPIRED": Wording(
        "对 {claim}（{at}）的接受到 {until} 为止",
        "{claim} at {at} was accepted until {until}",
        "改正规则，或重新决定并写新的 until",
        "correct the rule, or decide again and write a new until",
        Severity.WARNING,
    ),
    "TEST_NOT_EVALUATED": Wording(
        "测试 {test} 的 {field} 在这里不计算",
        "{field} of test {test} is not evaluated here",
        "这种结果要由上层计算，这次检查没有接入",
        "no evaluator of such outcomes was given to this check",
        Severity.INFO,
    ),
}
