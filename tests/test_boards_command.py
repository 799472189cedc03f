"""What the commands of boards say of bad input: one line, exit code 2, nothing half-written."""
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import serial

from boards import build, catalogue, port, tried
from boards import list as listing
from boards.about import read
from rtl.bus.port import INTERFACES
from spec import link, machines
from tests import boards_help as help
from tests.commands import leave

ROOT = Path(__file__).parents[1]
ULX3S = catalogue.named("ulx3s-85f")


def command(name, *arguments):
    return leave(f"boards.{name}", *arguments)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    np.save(folder / "x.npy", help.inputs(2))
    return help.image_file(folder), folder / "x.npy"


@pytest.mark.parametrize(("arguments", "complaint"), [
    (("--board", "nowhere", "IMAGE", "--input", "INPUT"), "--board must be one of ulx3s-12f"),
    (("--board", "ulx3s-85f", "IMAGE", "--input", "INPUT"), "a ulx3s-85f must be plugged in, and no port has its USB numbers"),
    (("--board", "colorlight-5a75b", "IMAGE", "--input", "INPUT"), "--port must be named for colorlight-5a75b"),
    (("--board", "ulx3s-85f", "IMAGE", "--input", "INPUT", "--port", "/dev/none"), "there is no such port"),
    (("--board", "ulx3s-85f", "IMAGE", "--input", "INPUT", "--port", "/dev/null"), "--port must be a serial port that can be"),
    (("--board", "virtual", "IMAGE", "--input", "INPUT", "--port", "/dev/none"), "--port and --baud must be of a real board"),
    (("--board", "ulx3s-85f", "IMAGE", "--input", "INPUT", "--link", "fast"), "--link and --embed must be of the virtual"),
    (("--board", "virtual", "IMAGE", "--input", "INPUT", "--link", "slow"), "--link must be serial or fast, not 'slow'"),
    (("--board", "virtual", "IMAGE"), "--input must be given, or --selftest"),
    (("--board", "virtual", "none.npz", "--input", "INPUT"), "IMAGE must be a file that is there"),
    (("--board", "virtual", "INPUT", "--input", "INPUT"), "image"),
    (("--board", "virtual", "IMAGE", "--input", "IMAGE"), "--input must be a whole .npy file"),
])
def test_a_run_that_cannot_be_is_one_line(files, tmp_path, arguments, complaint):
    named = {"IMAGE": files[0], "INPUT": files[1]}
    out = tmp_path / "y.npy"
    done = command("run", *(named.get(argument, argument) for argument in arguments), "--outputs", out)
    assert done.code == 2 and complaint in done.err, done.err
    assert done.err.count("error: ") == 1 and done.err.splitlines()[-1].startswith("error: ") and not out.exists()


@pytest.mark.parametrize(("number", "complaint"), [
    (errno.EACCES, "you may not open it; join the group that owns it, often dialout"),
    (errno.EBUSY, "another program has it; close that"), (errno.ENOENT, "there is no such port"), (errno.EIO, "try another")])
def test_a_port_that_does_not_open_says_why(monkeypatch, number, complaint):
    def refuse(*_, **__):
        error = serial.SerialException(number, os.strerror(number))
        raise error
    monkeypatch.setattr(port.serial, "Serial", refuse)
    with pytest.raises(OSError, match="--port must be a serial port that can be opened, not '/dev/ttyX'") as caught:
        port.open_port("/dev/ttyX", ULX3S)
    assert complaint in str(caught.value)


def test_a_port_that_is_open_elsewhere_is_busy():
    master, slave = os.openpty()
    try:
        with serial.Serial(os.ttyname(slave), exclusive=True), pytest.raises(OSError, match="another program has it"):
            port.open_port(os.ttyname(slave), ULX3S)
    finally:
        os.close(master)
        os.close(slave)


class Found:
    def __init__(self, device, vid, pid, location):
        self.device, self.vid, self.pid, self.location = device, vid, pid, location


def test_the_boards_own_port_is_found(monkeypatch):
    there = [Found("/dev/ttyS0", None, None, None), Found("/dev/ttyUSB0", 0x0403, 0x6010, "1-2:1.0"),
             Found("/dev/ttyUSB1", 0x0403, 0x6010, "1-2:1.1"), Found("/dev/ttyUSB2", 0x0403, 0x6015, "1-3")]
    monkeypatch.setattr(port.list_ports, "comports", lambda: there)
    assert port.find(catalogue.named("icebreaker")) == "/dev/ttyUSB1"       # channel B of the bridge
    assert port.find(ULX3S) == "/dev/ttyUSB2"
    there.append(Found("/dev/ttyUSB3", 0x0403, 0x6015, "1-4"))
    with pytest.raises(OSError, match="--port must be named: /dev/ttyUSB2, /dev/ttyUSB3 look like a ulx3s-85f"):
        port.find(ULX3S)


@pytest.mark.parametrize(("arguments", "complaint"), [
    (("--board", "ulx3s-85f", "--embed"), "--embed must come with --image"),
    (("--board", "icebreaker", "--design", "mac"),
     "--fold must be given on icebreaker, not left to an estimate: no mac was measured on ice40; give --fold 16"),
    (("--board", "ulx3s-85f", "--design", "scnn", "--pes", "1", "--preset", "ecp5"),
     "design must be a machine whose data all come as packets, not scnn, which has the stream s_weight"),
    (("--board", "ulx3s-85f", "--clock", "7000"), "--clock must be a clock that the PLL makes of 25 MHz, not 7000 MHz"),
    (("--board", "ulx3s-85f", "--baud", "99000000"), "--baud must be within 2 % of a whole fraction of 100 MHz"),
    (("--board", "ulx3s-85f", "--image", "none.npz"), "none.npz"),
])
def test_a_build_that_cannot_be_is_one_line(tmp_path, arguments, complaint):
    done = command("build", *arguments, "--out", tmp_path / "out")
    assert done.code == 2 and complaint in done.err and done.err.splitlines()[-1].startswith("error: "), done.err
    assert not (tmp_path / "out").exists()


def test_a_machine_with_a_stream_of_its_own_is_refused_before_its_verilog_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(build.machine, "generate", lambda *_: pytest.fail("the Verilog was written first"))
    call = ["--board", "ulx3s-85f", "--design", "scnn", "--preset", "ecp5", "--pes", "1", "--out", str(tmp_path / "out")]
    with pytest.raises(ValueError, match="not scnn, which has the stream s_weight besides"):
        build.application(call)(call, standalone_mode=False)


@pytest.mark.filterwarnings("ignore")                # a machine that is asked for its ports alone
@pytest.mark.parametrize(("design", "options"), [("eie", {}), ("mac", {}), ("scnn", {}), ("scnn", {"weight_memory": 512})])
def test_the_streams_of_a_specification_are_those_of_the_machine(design, options):
    spec = machines.specification(design).preset("default", **options)
    members = machines.part(design, "rtl", "machine").Machine(spec).signature.members
    own = [name.removesuffix("_tdata") for name in members if name.endswith("_tdata") and name.split("_t")[0] not in INTERFACES]
    assert own == list(getattr(machines.specification(design), "streams", lambda _: ())(spec))


def test_a_plan_needs_no_tool_of_the_board(tmp_path):
    done = command("build", "--board", "arty-a7-100", "--pes", "2", "--preset", "ecp5", "--out", tmp_path)
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == {"shell.v", "top.v", "pins.xdc"} and "no bitstream" in done.out


def test_the_list_says_what_was_tried_and_that_no_board_was_at_hand(tmp_path):
    done = command("list", "--json", tmp_path / "list.json")
    assert done.code == 0 and listing.PHYSICAL in done.out
    known = {one["board"]: one for one in json.loads((tmp_path / "list.json").read_text())}
    assert set(known) == set(catalogue.BOARDS) and known["arty-a7-100"]["tried"] == ["plan only"]
    assert all(one["bridge"] and one["baud"] for one in known.values())


@pytest.mark.parametrize(("text", "complaint"), [
    (b"", "the board must say what it is"), (b"\xff\xfe", "the board must say what it is"), (b"[1]", "must say what it is"),
    (b'{"link":9}', f"the board must speak version {link.VERSION} of the link, not 9"),
    (json.dumps({"link": link.VERSION}).encode(), "the board must say what it is")])
def test_a_board_that_says_something_else_is_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read(text)


def row(name, one):
    """The line of a build on the page, in the order of its columns."""
    board, _, machine = name.partition("/")
    used, seconds = one["used"], one["seconds"]
    cells = ", ".join(f"{used[figure]:,}" for figure in ("comb", "ff", "dsp", "bram"))
    times = " + ".join(f"{value:.0f}" for value in (seconds["yosys"], *seconds["nextpnr"], seconds["pack"]))
    command = one["repeat"].removesuffix(" --record")
    return (f"| {board} | {machine} | `{command}` | {one['bytes']:,} | {cells} | {one['reached_mhz']:g} | {one['clock_mhz']:g} "
            f"| {times} | {one['megabytes']:,} |")


def test_the_page_has_the_figures_of_the_builds_and_no_others():
    page = (ROOT / "docs" / "boards" / "boards.md").read_text()
    assert [line for line in page.splitlines() if "`python -m boards.build" in line and line.startswith("| ")] == \
        [row(name, one) for name, one in tried.read().items()]
