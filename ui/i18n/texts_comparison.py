"""Texts of the comparison of two versions."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "comparison.title": ("新旧相比：{about}", "New against old: {about}"),
    "comparison.proved": ("对每一种情况证明，附一个实例", "proved for every case, with an example"),
    "comparison.since": ("{time} 起", "from {time}"),
    "comparison.slice": ("情况", "Cases"),
    "comparison.effect": ("结论", "Verdict"),
    "comparison.case": ("实例", "Example"),
    "comparison.equal": ("等价", "equal"),
    "comparison.dearer": ("只升", "dearer"),
    "comparison.cheaper": ("只降", "cheaper"),
    "comparison.mixed": ("有升有降", "mixed"),
    "comparison.changed": ("有变化", "changed"),
    "comparison.undecided": ("未能判定", "undecided"),
    "comparison.setting": ("另有：{what}", "Also: {what}"),
}
