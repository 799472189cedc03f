"""Bytes of payload a second that the virtual board's two lines carry into the toy machine; `-s` prints them."""
import time

import pytest

from boards.testing import line, session, toy
from spec import framing


@pytest.mark.full
def test_the_fast_line_is_faster_than_the_serial_one():
    rates = {}
    for divisor, words in ((None, 40_000), (8, 4_000)):
        with toy(divisor=divisor) as board, line(board) as port:
            host = session(port)
            start, before = time.monotonic(), vars(host.statistics).copy()
            host.send([framing.header(9, words), *range(words)])            # of a type that is not there: swallowed
            seconds = time.monotonic() - start
            sent = host.statistics.bytes_out - before["bytes_out"]
        rates[divisor] = 8 * words / seconds
        print(f"{'serial' if divisor else 'fast'}: {rates[divisor]:,.0f} bytes of payload a second, "
              f"{100 * 8 * words / sent:.1f} % of the line's, {host.statistics.repeated} frames again")
    assert rates[None] > rates[8]
