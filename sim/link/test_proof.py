"""The decoder proved for every sequence of bytes; broken ones are refuted."""
import re
from pathlib import Path

import pytest

from rtl.link.decode import Decoder
from sim.bus.test_bus import text
from sim.proof import prove

HERE = Path(__file__).parent
CHECK = (HERE / "proof_decoder.sv").read_text()
EXPOSED = {"decoder": ("state", "fill", "count", "first", "sequence", "opened", "enough", "opens", "size_of_open",
                       "check.match_detected")}
BROKEN = {                                  # a wire, and what it might wrongly be
    "a frame whatever its CRC": ("good", "flag & (state == 2'h1) & enough"),
    "a session without OPEN": ("flush", "good"),
    "any request at any time": ("accept", "good"),
}


def test_no_bytes_lead_outside_its_states():
    prove(design=text(Decoder(4), "decoder"), check=CHECK, depth=2, exposed=EXPOSED, flat=True)


@pytest.mark.full
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_decoder_is_refuted(what):
    wire, wrong = BROKEN[what]
    broken, count = re.subn(rf"assign {wire} = .*;", f"assign {wire} = {wrong};", text(Decoder(4), "decoder"))
    assert count == 1
    with pytest.raises(AssertionError, match=r"Assert failed in check: check\.sv:\d+"):
        prove(design=broken, check=CHECK, depth=14, exposed=EXPOSED, flat=True, bounded=True)
