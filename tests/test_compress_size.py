"""Memories are as large as the network needs; what no machine can hold is one message with the line to type."""
import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from cli import command
from compress import build
from compress.eie.load import load
from compress.eie.size import free, sized
from rtl.image import design_and_spec
from spec.eie import preset


def leave(*arguments):
    """Run compress.build here; return its exit code."""
    given = [str(argument) for argument in arguments]
    with pytest.raises(SystemExit) as left, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["command", *given])
        command.main(build.application, given, name="command")
    return left.value.code or 0


def dense(path, *sizes, seed=0, density=1.0):
    rng = np.random.default_rng(seed)
    np.savez(path, **{f"fc{k}.weight": rng.normal(size=(outs, ins)) * (rng.random((outs, ins)) < density)
                      for k, (ins, outs) in enumerate(zip(sizes, sizes[1:], strict=False))})
    return path


def test_a_wide_network_on_few_pes_is_built_at_once(tmp_path, capsys):
    dense(tmp_path / "net.npz", 784, 300, 10)
    assert leave(tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 8, "--input-range", "0,1") == 0
    assert "memories made as large as the network needs: entries 32,768, slots 128" in capsys.readouterr().out
    spec = load(tmp_path / "image.npz").spec
    assert spec == preset("default", pes=8, entries=32768, slots=128)
    assert design_and_spec(tmp_path / "image.npz") == ("eie", spec)


def test_every_layer_has_a_codebook_of_its_own_as_far_as_machines_go(tmp_path, capsys):
    dense(tmp_path / "net.npz", *[12] * 7)
    assert leave(tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 2, "--input-range", "0,1") == 0
    image = load(tmp_path / "image.npz")
    assert [layer.codebook for layer in image.layers] == list(range(6)) and image.spec.codebooks == 6
    assert "share a codebook" not in capsys.readouterr().err
    assert leave(tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 2, "--input-range", "0,1", "--codebooks", 2) == 0
    said = capsys.readouterr().err
    assert said.count("share a codebook") == 2 and "take --codebooks 6" in said


def test_memories_that_were_asked_for_stay_and_one_message_says_the_whole_line(tmp_path, capsys):
    dense(tmp_path / "net.npz", 784, 300, 10)
    assert leave(tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 8, "--slots", 32, "--entries", 1024) == 2
    said = capsys.readouterr().err
    told = re.fullmatch(r"error: memories of the machine must hold the network, not slots 32 where it takes 98, entries 1024 "
                        r"where it takes (\d+); type --slots 128 --entries 32768, or leave these options out\n", said)
    assert told and 29_000 < int(told[1]) <= 32_768
    assert not (tmp_path / "image.npz").exists()


def test_only_more_pes_help_where_a_memory_ends():
    spec = preset("default", pes=4)
    need = {"layers": 1, "codebooks": 1, "slots": 2000, "columns": 100, "entries": 100}
    with pytest.raises(ValueError, match="slots at most 1024 where it takes 2000; more PEs share them: take --pes 8"):
        sized(spec, need, free())
    with pytest.raises(ValueError, match="columns at most 65536 where it takes 70000; take fewer or smaller layers"):
        sized(spec, need | {"slots": 4, "columns": 70000}, free())


def test_a_machine_that_is_large_enough_stays_as_it_is():
    spec = preset("ecp5")
    need = {"layers": 8, "codebooks": 4, "slots": 16, "columns": 1024, "entries": 4096}
    assert sized(spec, need, free()) == spec
    assert sized(spec, need | {"slots": 17}, free()) == replace(spec, slots=32)
    assert sized(spec, need | {"layers": 9}, free()).layers == 9


@pytest.mark.parametrize(("name", "order"), [("paper", "modulo"), ("default", "balanced")])
def test_the_preset_chooses_how_rows_go_to_pes(name, order, tmp_path, capsys):
    dense(tmp_path / "net.npz", 20, 31, density=0.4)
    assert leave(tmp_path / "net.npz", "-o", tmp_path / "image.npz", "--pes", 4, "--preset", name, "--input-range", "0,1",
                 "--json", tmp_path / "image.json") == 0
    image = load(tmp_path / "image.npz")
    assert image.order == order == json.loads((tmp_path / "image.json").read_text())["order"]
    assert (image.layers[0].rows[:31].tolist() == list(range(31))) == (order == "modulo")
    assert f"rows go to PEs {'modulo their number' if order == 'modulo' else 'balanced by work'}" in capsys.readouterr().out
