"""Loaders that lie, fail, hang or find another board: nothing is reported as done that the loader did not say."""
import json
import os
import stat
import time
from unittest import mock

import pytest

from boards import catalogue, loader
from boards.bitstream import SUFFIX
from tests.commands import leave

GOOD = {"openFPGALoader": "Writing: [====] 100.00%\nDone", "iceprog": "cdone: high\nVERIFY OK\nBye.",
        "dfu-util": "Download [=====] 100% 1 bytes\nDownload done.", "icesprog": "board: [iCESugar]\ndone"}


def fake(folder, name, said="", code=0, sleep=0.0):
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'SAID'\n{said}\nSAID\nsleep {sleep}\nexit {code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def build_for(folder, board):
    name = f"board.{SUFFIX[board.part.family]}"
    (folder / name).write_bytes(bytes(100))
    (folder / "board.json").write_text(json.dumps({"board": board.name, "file": name, "bytes": 100, "machine": "eie_4"}))


def flash(tmp_path, board, *more):
    with mock.patch.dict(os.environ, {"PATH": f"{tmp_path}:/usr/bin:/bin"}):
        return leave("boards.flash", "--board", board, "--folder", tmp_path, *more)


@pytest.mark.parametrize("name", ["ulx3s-85f", "icebreaker", "orangecrab-25f", "icesugar"])
def test_a_loader_that_says_so_has_loaded(tmp_path, name):
    board = catalogue.named(name)
    program = loader.of(board).program
    build_for(tmp_path, board)
    fake(tmp_path, program, GOOD[program])
    done = loader_of(tmp_path, board)
    assert program in done.command and f"board.{SUFFIX[board.part.family]}" in done.command


def loader_of(tmp_path, board, **options):
    os.environ["PATH"], before = f"{tmp_path}:{os.environ['PATH']}", os.environ["PATH"]
    try:
        return loader.load(board, tmp_path / f"board.{SUFFIX[board.part.family]}", flash=True, **options)
    finally:
        os.environ["PATH"] = before


BAD = [
    ("Writing: 100.00%\nDone\nCRC check : FAIL", 0, "said 'CRC check : FAIL'"),
    ("", 0, "must say that it loaded the board, and it said 'nothing', though it ended well"),
    ("something else entirely", 0, "and it said 'something else entirely'"),
    ("unable to open ftdi device: -3 (device not found)", 1, "no ulx3s-85f was found: plug it in"),
    ("No cable or board found\nDone", 0, "no ulx3s-85f was found"),
    ("idcode 0x21111043 mismatch: expected 0x41113043", 1, "the board on the cable is no ulx3s-85f"),
    ("usb_open() failed: LIBUSB_ERROR_ACCESS", 1, "you may not open it: install the udev rules"),
    ("Segmentation fault", 139, "exit code 139"),
]


@pytest.mark.parametrize(("said", "code", "complaint"), BAD)
def test_a_loader_that_failed_is_never_called_success(tmp_path, said, code, complaint):
    board = catalogue.named("ulx3s-85f")
    build_for(tmp_path, board)
    fake(tmp_path, "openFPGALoader", said, code)
    with pytest.raises(OSError) as caught:
        loader_of(tmp_path, board)
    assert complaint in str(caught.value) and "\n" not in str(caught.value)


def test_a_loader_that_hangs_is_ended(tmp_path):
    board = catalogue.named("ulx3s-85f")
    build_for(tmp_path, board)
    fake(tmp_path, "openFPGALoader", "Open file", sleep=60)
    start = time.monotonic()
    with pytest.raises(OSError, match="openFPGALoader must end within 1 s, and it was ended; last it said 'Open file'"):
        loader_of(tmp_path, board, limit=1.0)
    assert time.monotonic() - start < 20


def test_the_command_says_what_it_did_and_what_it_did_not(tmp_path):
    done = flash(tmp_path, "ulx3s-85f")
    assert done.code == 2 and done.err.startswith("error: --folder must hold a bitstream, and") and \
        done.err.count("\n") == 1
    build_for(tmp_path, catalogue.named("ulx3s-85f"))
    done = flash(tmp_path, "ulx3s-85f")
    assert done.code == 2 and "apt-get install openfpgaloader" in done.err
    done = flash(tmp_path, "icebreaker")
    assert done.code == 2 and "must hold a bitstream for icebreaker, not for ulx3s-85f" in done.err
    fake(tmp_path, "openFPGALoader", GOOD["openFPGALoader"])
    done = flash(tmp_path, "ulx3s-85f", "--json", str(tmp_path / "done.json"))
    assert done.code == 0 and "loaded eie_4 into ulx3s-85f" in done.out
    assert json.loads((tmp_path / "done.json").read_text())["board"] == "ulx3s-85f"
    (tmp_path / "board.bit").write_bytes(b"cut")
    done = flash(tmp_path, "ulx3s-85f")
    assert done.code == 2 and "must be the bitstream of 100 bytes" in done.err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"board": 3}', "\x00"])
def test_what_is_no_build_is_named(tmp_path, text):
    (tmp_path / "board.json").write_text(text)
    done = flash(tmp_path, "icebreaker")
    assert done.code == 2 and "--folder must hold" in done.err and done.err.count("\n") == 1


def test_options_that_do_not_apply_are_refused(tmp_path):
    board = catalogue.named("orangecrab-25f")
    build_for(tmp_path, board)
    with pytest.raises(ValueError, match="--memory must be left out for orangecrab-25f: dfu-util writes its flash only"):
        loader.load(board, tmp_path / "board.bit", flash=False)
    with pytest.raises(ValueError, match="--cable must come with a board that openFPGALoader loads"):
        loader.load(board, tmp_path / "board.bit", flash=True, cable="ft232")
    with pytest.raises(ValueError, match="--board must be one that we can load, not arty-a7-100"):
        loader.of(catalogue.named("arty-a7-100"))
