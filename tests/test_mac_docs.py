"""The page on numerics says what the code does."""
import doctest
import re
from pathlib import Path

import pytest

import golden.mac
from golden.gpu.instruction import INSTRUCTIONS
from golden.mac import wrong
from spec.mac import MacSpec
from spec.mac.generation import RULES
from tests.test_mac_recordings import FOLDER, NAMES, load

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "mac" / "numerics.md").read_text()


def rows(*cells):
    """Cells of the page's table rows that begin with these."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
    return [row for row in found if row[:len(cells)] == list(cells)]


def test_examples_run():
    assert doctest.testfile(str(ROOT / "docs" / "mac" / "numerics.md"), module_relative=False).failed == 0
    tried = doctest.testmod(golden.mac)
    assert tried.failed == 0 and tried.attempted > 3


@pytest.mark.parametrize("arch, fmt, first", [("volta", "fp16", "fp16"), ("ampere", "fp16", "fp16, bf16"),
                                              ("hopper", "fp16", "fp16, bf16"),
                                              ("hopper", "e4m3", "e4m3, e5m2 by `wgmma`")])
def test_the_table_of_rules_is_the_specifications(arch, fmt, first):
    row, rule = rows(arch, first)[0], RULES[arch, fmt, "fp32"]
    build = MacSpec(arch=arch, formats=(fmt,), k=rule.terms)
    assert row[2:4] == [str(rule.terms), str(rule.frac)] and f"{rule.keep} bits" in row[4]
    assert row[6] == f"{rule.e_zero} / {RULES[arch, fmt, 'fp16'].e_zero}"
    assert row[7] == str(build.sum_bits(fmt))


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_wrong_rules_is_measured(name):
    load(name)
    counts = wrong.count(FOLDER / f"{name}.npz")
    (row,) = rows(name)
    assert [int(cell) for cell in row[1:]] == list(counts.values())[2:]


def test_decisions_have_drawbacks_and_count_right():
    pages = sorted((ROOT / "docs" / "decisions").glob("01*.md"))
    assert len(pages) >= 8
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]}: ") and "**Decision.**" in text and "**Drawbacks.**" in text
    assert re.search(rf"All {len(INSTRUCTIONS)} instructions", (ROOT / "docs/decisions/0107-gpu-through-nvrtc.md").read_text())
