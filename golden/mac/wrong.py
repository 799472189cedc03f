"""How sharp a recording is: the rows that a rule wrong on purpose gets wrong."""
from dataclasses import replace
from pathlib import Path

from golden.mac.product import dot
from golden.mac.recording import load
from spec.mac.generation import RULES, Rule


def rules(rule: Rule) -> dict[str, Rule]:
    """Return the wrong neighbours of a truncating rule, by what is wrong with them."""
    if rule.frac is None or rule.terms is None or rule.e_zero is None:
        raise ValueError(f"rule must cut terms to a width, not be {rule.round} of any length; nothing about it can be off")
    return {
        "F - 1": replace(rule, frac=rule.frac - 1), "F + 1": replace(rule, frac=rule.frac + 1),
        "L / 2": replace(rule, terms=rule.terms // 2),
        "other rounding": replace(rule, round="rne" if rule.round == "rz" else "rz"),
        "one bit less": replace(rule, keep=rule.keep - 1),
        "e_zero + 40": replace(rule, e_zero=rule.e_zero + 40),
    }


def count(path: str | Path) -> dict:
    """Return how many rows of a recording each wrong rule gets wrong."""
    record = load(path)
    key = (record.arch, record.ab_format, record.cd_format)
    if key not in RULES:
        raise ValueError(f"recording must be one of a known rule, not of {' '.join(key)}; python -m golden.mac --help")
    row: dict = {"file": Path(path).name, "rows": len(record.d)}
    for name, rule in rules(RULES[key]).items():
        got = dot(record.arch, record.a, record.b, record.c, record.ab_format, record.cd_format, rule=rule)
        row[name] = int((got != record.d).sum())
    return row
