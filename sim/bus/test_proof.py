"""Handshakes of the bus front end proved for every input; a broken one is refuted."""
import re
from pathlib import Path

import pytest

from rtl.bus.axil import AxiLiteSlave
from rtl.bus.loader import StreamLoader
from rtl.bus.result import ResultStream
from sim.bus.kinds import KINDS
from sim.bus.test_bus import text
from sim.proof import prove

PARTS = {
    "axil": (lambda: text(AxiLiteSlave(KINDS), "registers"),
             {"registers": ("awaddr", "wdata", "wstrb", "araddr", "decoded")}),
    "loader": (lambda: text(StreamLoader((1, 2, 55, 200)), "loader"), {"loader": ("state", "left")}),
    "result": (lambda: text(ResultStream(16), "results"), {"results": ("count", "word", "kept")}),
}
BROKEN = [                                  # a wire that is set at the wrong time
    ("axil", "read", "decoded"), ("axil", "write", "addressed & filled"),
    ("loader", "s_axis_tready", "1'b1"), ("result", "i__ready", "1'b1"),
]


def check(part):
    return (Path(__file__).parent / f"proof_{part}.sv").read_text()


@pytest.mark.parametrize("part", PARTS)
def test_holds_for_ever(part):
    make, exposed = PARTS[part]
    prove(design=make(), check=check(part), depth=3, exposed=exposed)


@pytest.mark.parametrize(("part", "wire", "wrong"), BROKEN)
def test_a_broken_handshake_is_refuted(part, wire, wrong):
    make, exposed = PARTS[part]
    broken, count = re.subn(rf"assign {wire} = .*;", f"assign {wire} = {wrong};", make())
    assert count == 1
    with pytest.raises(AssertionError, match=r"Assert failed in check: check\.sv:\d+"):
        prove(design=broken, check=check(part), depth=10, exposed=exposed, bounded=True)
