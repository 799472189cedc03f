"""Tables: they fit, no figure is cut, names are printed as they are spelt."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import table
from cli.text import plain
from sim.eie.outcome import Outcome

ROWS = [["fc1", "4,096", "1.0123", "99.12 %"], ["a layer with a long name of many words", "12", "-", "3 of 4"]]
HEADINGS = ["layer", "cycles", "over limit", "busy share"]


def test_a_table_is_aligned_by_what_its_columns_hold():
    assert table.lines("title", HEADINGS[:3], [["fc1", 4096, "1.0123"], ["conv2", 12, "-"]]) == [
        "title",
        "layer  cycles  over limit",
        "-------------------------",
        "fc1      4096      1.0123",
        "conv2      12           -"]


@pytest.mark.parametrize("width", [10, 16, 20, 30, 40, 60, 80, None])
def test_no_figure_is_cut_and_no_line_too_long(width):
    told = table.lines("", HEADINGS, ROWS, width=width)
    for row in ROWS:
        for figure in row[1:]:
            assert any(re.search(rf"(^| ){re.escape(figure)}( |$)", line) for line in told), told
    assert width is None or width < 20 or max(map(len, told)) <= width
    assert all(any(word in line for line in told) for word in ROWS[1][0].split())


def test_a_narrow_table_repeats_its_first_column():
    told = table.lines("", HEADINGS, ROWS[:1], width=20)
    assert [line.split()[0] for line in told if "fc1" in line] == ["fc1"] * sum("fc1" in line for line in told)
    assert sum("fc1" in line for line in told) > 1 and "" in told


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), max_size=4), st.integers(1, 120))
def test_any_text_is_printed_whole_in_printable_lines(rows, width):
    told = table.lines("t", ["a", "b", "c"], rows, width=width)
    assert all(line.isprintable() for line in told)
    whole = "".join("".join(told).split())
    for row in rows:
        for cell in row:
            assert set(plain(cell)) - {" "} <= set(whole)


@pytest.mark.parametrize(("text", "printed"), [
    ("[red]fc1[/red]", "[red]fc1[/red]"), ("\x1b[31m", r"\x1b[31m"), ("\ud800", r"\ud800"), ("a\nb\tc", r"a\nb\tc"),
    ("\u202egnp.exe", r"\u202egnp.exe"), ("größe", "größe")])
def test_names_are_printed_as_they_are_spelt(text, printed):
    assert plain(text) == printed
    assert printed in table.lines("", ["layer"], [[text]])[-1]


PROGRAM = "from cli.table import show; show('t', {!r}, {!r})"


def printed(width=None, **environment):
    """What a terminal of a width, or a pipe, gets."""
    code = PROGRAM.format(list(Outcome.WORK), [["layer [red]1", *["1,234,567.8"] * (len(Outcome.WORK) - 1)]])
    if width is None:
        environment = {"PYTHONPATH": ".", **environment}
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    subprocess.run([sys.executable, "-c", code], stdout=follower, check=True, env={"PYTHONPATH": ".", "TERM": "xterm-256color"})
    os.close(follower)
    told = b""
    try:
        while more := os.read(leader, 65536):
            told += more
    except OSError:                                     # a terminal whose other end is closed
        pass
    os.close(leader)
    return told.decode().replace("\r\n", "\n")


def test_a_terminal_of_80_columns_gets_every_figure():
    told = printed(80)
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("1,234,567.8") == len(Outcome.WORK) - 1 and "layer [red]1" in told and "\x1b" not in told


def test_a_pipe_gets_whole_rows_of_plain_text():
    told = printed()
    assert len(told.splitlines()) == 4 and told.isascii() and "\x1b" not in told
    assert told.splitlines()[-1].count("1,234,567.8") == len(Outcome.WORK) - 1
    assert max(map(len, printed(COLUMNS="60").splitlines())) <= 60
