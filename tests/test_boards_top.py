"""Boards: PLL settings compared with those of the vendors' tools, rates of the line, pins of published files, tops."""
import re
import subprocess
from dataclasses import fields
from fractions import Fraction

import pytest

from boards import programs
from boards.catalogue import BOARDS, named
from boards.choice import LADDERS, MOST, fits, largest
from boards.pll import choose
from boards.top import MOST_OFF, clocking, prepare
from rtl.link.uart import LEAST_DIVISOR
from spec import machines

REAL = [board for board in BOARDS.values()]
PUBLISHED = {
    # emard/ulx3s doc/constraints/ulx3s_v20.lpf: clk_25mhz, ftdi_txd (to the FPGA), ftdi_rxd (from it), led[0..3]
    "ulx3s-85f": {"clk25_0__io": "G2", "uart_0__rx__io": "M1", "uart_0__tx__io": "L4", "led_0__io": "B2", "led_1__io": "C2",
                  "led_2__io": "C1", "led_3__io": "D2"},
    # icebreaker-fpga/icebreaker-examples icebreaker.pcf: CLK, RX, TX, LEDR_N, LEDG_N
    "icebreaker": {"clk12_0__io": "35", "uart_0__rx__io": "6", "uart_0__tx__io": "9", "led_0__io": "11", "led_1__io": "37"},
    # Sipeed's pin table of the board, as constraint files for it repeat it
    "tangnano9k": {"clk27_0__io": "52", "uart_0__rx__io": "18", "uart_0__tx__io": "17", "led_0__io": "10", "led_1__io": "11",
                   "led_2__io": "13", "led_3__io": "14"},
}


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_the_divisor_comes_from_the_clock_that_the_pll_gives(board):
    clocks = clocking(board)
    if clocks.pll:
        pll = clocks.pll
        made = Fraction(pll.input_hz * pll.feedback, pll.reference)
        assert clocks.clock_hz == (made / pll.output if pll.family == "ice40" else made)
    assert abs(clocks.baud_made / clocks.baud - 1) <= MOST_OFF and clocks.divisor >= LEAST_DIVISOR
    assert clocks.divisor == round(clocks.clock_hz / clocks.baud)


@pytest.mark.parametrize("board", REAL, ids=lambda board: board.name)
def test_a_top_has_its_line_its_lamps_and_the_shell(board):
    top, pins = prepare(board, clocking(board), "nz_shell")
    assert len(re.findall(r"^  nz_shell dut \(", top, re.MULTILINE)) == 1
    for name in ("uart_0__rx__io", "uart_0__tx__io"):
        assert name in pins and name in top
    assert len(set(re.findall(r"(?:rgb_)?led_\d(?:__[rgb])?__io", pins))) >= min(1, len(board.lamps))
    assert ("EHXPLLL" in top or "SB_PLL40_PAD" in top or "rPLL" in top) == (clocking(board).pll is not None)
    assert len(re.findall(r"reg stage0", top)) >= 1         # the lock passes two registers


@pytest.mark.parametrize("design", LADDERS)
def test_every_size_of_a_ladder_is_a_machine(design):
    name, steps = LADDERS[design]
    specification = machines.specification(design)
    assert len({specification.preset("default", **{name: step}) for step in steps}) == len(steps)
    choices = [one.metadata["choices"] for one in fields(specification.Spec) if one.name == name and "choices" in one.metadata]
    assert choices in ([], [steps])


def test_a_machine_that_misses_the_boards_clock_has_a_clock_of_its_own():
    board = named("ulx3s-85f")
    assert clocking(board, "eie").clock_hz == clocking(board).clock_hz == 100_000_000
    for design, clock in board.clocks.items():
        assert clocking(board, design).clock_hz == clock < board.clock_hz
        assert clocking(board, design, clock_hz=board.clock_hz).clock_hz == board.clock_hz


@pytest.mark.parametrize("board", [board for board in REAL if board.clocks], ids=lambda board: board.name)
def test_a_clock_of_a_machine_is_made_by_the_pll_and_serves_the_line(board):
    for design in board.clocks:
        clocks = clocking(board, design)
        assert abs(clocks.clock_hz / board.clocks[design] - 1) < 0.01 and abs(clocks.baud_made / clocks.baud - 1) <= MOST_OFF


@pytest.mark.parametrize("name", PUBLISHED)
def test_pins_are_those_of_the_boards_published_file(name):
    _, pins = prepare(named(name), clocking(named(name)), "nz_shell")
    found = dict(re.findall(r'(?:LOCATE COMP|IO_LOC) "(\w+)" (?:SITE )?"?(\w+)"?;', pins)) | dict(
        re.findall(r"^set_io (\w+) (\w+)$", pins, re.MULTILINE))
    assert {port: found[port] for port in PUBLISHED[name]} == PUBLISHED[name]


@pytest.mark.parametrize(("mhz", "wanted"), [(25, 100), (48, 96), (25, 62.5), (100, 80)])
def test_an_ecp5_pll_is_that_of_ecppll(mhz, wanted):
    said = subprocess.run([programs.find("ecppll"), "-i", str(mhz), "-o", str(wanted)], capture_output=True, text=True,
                          check=True).stdout
    reference, feedback, output = (int(re.search(rf"{name} divisor: (\d+)", said)[1])
                                   for name in ("Refclk", "Feedback", "clkout0"))
    mine = choose("ecp5", mhz * 1_000_000, wanted * 1e6)
    assert float(mine.output_hz) == wanted * 1e6 == mhz * 1e6 * feedback / reference
    assert 400e6 <= mine.vco_hz <= 800e6
    assert (mine.reference, mine.feedback, mine.output) == (reference, feedback, output) or \
        abs(mine.vco_hz - 600_000_000) <= abs(wanted * 1e6 * output - 600_000_000)


@pytest.mark.parametrize("wanted", [24, 30, 36])
def test_an_ice40_pll_is_that_of_icepll(wanted):
    said = subprocess.run([programs.find("icepll"), "-i", "12", "-o", str(wanted)], capture_output=True, text=True,
                          check=True).stdout
    theirs = tuple(int(re.search(rf"{name}:\s*(\d+)", said)[1]) for name in ("DIVR", "DIVF", "DIVQ", "FILTER_RANGE"))
    mine = choose("ice40", 12_000_000, wanted * 1e6)
    assert float(mine.output_hz) == wanted * 1e6
    assert (mine.reference - 1, mine.feedback - 1, mine.output.bit_length() - 1, 1) == theirs


def test_a_gowin_pll_is_within_its_ranges():
    mine = choose("gowin", 27_000_000, 54e6)
    assert mine.output_hz == 54_000_000 and 500_000_000 <= mine.vco_hz <= 1_200_000_000


@pytest.mark.parametrize(("call", "text"), [
    (lambda: clocking(named("icebreaker"), baud=7_000_000), r"--baud must be within 2 % of a whole fraction of 24"),
    (lambda: clocking(named("icebreaker"), clock_hz=3e6), r"--clock must be a clock that the PLL makes of 12 MHz, not 3"),
    (lambda: clocking(named("ulx3s-85f"), clock_hz=999e6), r"--clock must be a clock that the PLL makes of 25 MHz"),
    (lambda: named("ulx3s"), r"--board must be one of ulx3s-12f, .*, not 'ulx3s'"),
])
def test_what_cannot_be_is_named(call, text):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize("board", [board for board in REAL if "eie" in board.design], ids=lambda board: board.name)
def test_the_largest_machine_that_fits_is_the_default(board):
    spec = largest(board, "eie")
    assert fits(board, "eie", spec)
    steps = LADDERS["eie"][1]
    bigger = [step for step in steps if step > spec.pes]
    assert spec.pes <= MOST.get(("eie", board.part.family), max(steps))
    if bigger and spec.pes != MOST.get(("eie", board.part.family)):
        more = machines.specification("eie").preset(**{"name": "default", **board.design["eie"], "pes": bigger[-1]})
        assert not fits(board, "eie", more)
