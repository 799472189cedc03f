"""The virtual board: the RTL of a board's top, a pseudo-terminal and the host's own program, compared with golden."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import serial

from boards import selftest
from boards.device import take
from boards.embed import embedded
from boards.link import LinkError
from boards.transport import Registers
from boards.virtual.machine import board as board_with
from boards.virtual.machine import open_line
from compress.actions import Send, encode
from rtl import machine
from spec import link, machines
from tests import boards_help as help

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return help.image_file(tmp_path_factory.mktemp("boards"))


def compared(device, path, vectors):
    """Run vectors; outputs, every counter and every flag must be the golden model's."""
    expected = help.golden(path, vectors)
    got = list(device.results(vectors))
    _, loaded, _ = take(path)
    outputs = np.array([loaded.logical(result.outputs) for result in got])
    np.testing.assert_array_equal(outputs, expected.outputs)
    assert not any(result.flags["refused"] for result in got)
    for result, layers in zip(got[1:], expected.counters[1:], strict=True):     # the first one loads a codebook
        assert result.counters["useful_macs"] == sum(layer.useful_macs for layer in layers)


@pytest.mark.parametrize("line", ["fast", pytest.param("serial", marks=pytest.mark.full)])
def test_outputs_are_goldens(image, line):
    with help.small_board(link=line) as running, help.device(running) as board:
        assert board.info()["board"] == "virtual" and board.about.spec["pes"] == help.SPEC.pes
        assert board.load(image)
        compared(board, image, help.inputs(6))
        assert board.counters()["cycles"] > 0
    assert running.figures["bytes_in"] > 1000


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in (2, 3, 4, 5))])
def test_outputs_are_goldens_through_noise(image, seed):
    with help.small_board(link="fast") as running, help.device(running, rate=0.001, seed=seed) as board:
        board.load(image)
        compared(board, image, help.inputs(12))
        spoilt = board._port.spoilt
    assert spoilt > 0


def test_a_load_that_was_cut_is_begun_again(image):
    _, loaded, _ = take(image)
    with help.small_board(link="fast") as running:
        board = help.device(running)
        packet = [packet.words for packet in packets(board, loaded)][-1]
        board.link._put(link.DATA, board.link._next, np.asarray(packet[:2], "<u8").tobytes())     # of a packet never ended
        board._port.write(link.request(link.DATA, board.link._next + 1, bytes(240))[:100])        # of a frame never ended
        board.close()
        with help.device(running) as board:
            board.load(image)
            compared(board, image, help.inputs(3))


def packets(board, loaded):
    board.image = loaded
    from compress.eie.actions import load_actions
    talk = load_actions(loaded)
    action = next(talk)
    while True:
        if isinstance(action, Send):
            yield action
        try:
            action = talk.send({"short": 0, "long": 0, "unknown": 0, "range": 0})
        except StopIteration:
            return


KILLED = """
import sys, os, signal
from boards.device import Device
import serial
device = Device(serial.Serial(sys.argv[1], timeout=0.1))
put, count = device.link._put, 0
def once(*arguments):
    global count
    count += 1
    if count > 8:
        device._port.write(b"\\x7e\\x03half a frame")
        os.kill(os.getpid(), signal.SIGKILL)
    put(*arguments)
device.link._put = once
device.load(sys.argv[2])
"""


def test_a_host_that_was_killed_leaves_nothing_behind(image):
    with help.small_board(link="fast") as running:
        done = subprocess.run([sys.executable, "-c", KILLED, running.port, str(image)], cwd=ROOT, check=False, timeout=60)
        assert done.returncode == -9
        with help.device(running) as board:
            board.load(image)
            compared(board, image, help.inputs(3))


def test_a_board_that_goes_away_is_said_so(image):
    with help.small_board(link="fast") as running, help.device(running, patience=1.0) as board:
        board.load(image)
        running.process.kill()
        running.process.wait()
        with pytest.raises(LinkError, match="the line to the board must stay up|the board must answer within 1 s"):
            list(board.results(help.inputs(2)))


def test_a_board_with_its_image_answers_without_a_load(image):
    _, _, boot, digest = embedded(image)
    with help.small_board(link="fast", boot=boot, image=digest) as running, help.device(running) as board:
        assert board.load(image, force=False) is False
        before = board.link.statistics.payload_out
        compared(board, image, help.inputs(4))
        assert board.link.statistics.payload_out - before < 2000


class Busy:
    """A transport whose machine says that it is busy so many times."""

    def __init__(self, inner, status, times):
        self.inner, self.status, self.times = inner, status, times

    def read_register(self, offset):
        if offset == self.status.offset and self.times:
            self.times -= 1
            return encode(self.status, {"busy": 1})
        return self.inner.read_register(offset)


def test_a_host_waits_until_the_machine_is_ready(monkeypatch):
    """Shown with the machine's own register, and with one that says busy for longer than any board here is."""
    from boards import device
    waits = []

    def slow(link):
        waits.append(Busy(Registers(link), registers["status"], times))
        return waits[-1]
    registers = machines.specification("eie").registers(help.SPEC)
    monkeypatch.setattr(device, "Registers", slow)
    with help.small_board(link="fast") as running:
        times = 5
        help.device(running).close()
        assert waits[-1].times == 0
        times = 1 << 30
        with pytest.raises(TimeoutError, match="the machine must be ready within 0.3 s of its reset"):
            help.device(running, patience=0.3)


def test_an_image_of_another_machine_is_refused(image):
    from dataclasses import replace

    from tests.compress_sample import sample
    other = sample(replace(help.SPEC, entries=1024))
    with help.small_board(link="fast") as running, help.device(running) as board:
        with pytest.raises(ValueError, match=r"image must be for the machine on this board, eie_2, not for another "
                                             r"\(entries 1024, here 512\)"):
            board.load(other)
        with pytest.raises(ValueError, match="an image must be loaded before inputs are run"):
            board.run(help.inputs(1))


def test_a_line_with_another_program_on_it_is_busy():
    with help.small_board(link="fast") as running, open_line(running):
        with pytest.raises(serial.SerialException, match="lock"):
            open_line(running)


def test_the_self_test_compares_what_a_netlist_ran():
    with help.small_board(link="fast") as running, help.device(running) as board:
        figures = selftest.run(board)
    assert figures["different"] == 0 and figures["compared"] > 200 and figures["gops"] > 0
    assert figures["seconds"]["run"] > figures["seconds"]["machine"] > 0


def test_the_self_test_sees_a_wrong_machine(monkeypatch):
    from sim.eie import selftest as bench
    true = bench.vectors

    def wrong(spec, *, seed):
        image, inputs, expected = true(spec, seed=seed)
        expected = expected.copy()
        expected[0, 0] += 1
        return image, inputs, expected
    monkeypatch.setattr(bench, "vectors", wrong)
    with help.small_board(link="fast") as running, help.device(running) as board:
        assert selftest.run(board)["different"] == len(selftest.SEEDS)


@pytest.mark.full
def test_a_mac_machine_passes_its_self_test():
    spec = machines.specification("mac").preset("default", fold=16)
    with board_with(machine.generate("mac", spec), link="fast") as running, help.device(running) as board:
        figures = selftest.run(board)
    assert figures["different"] == 0 and figures["compared"] > 100
