"""Netlists answer as golden does, and a netlist that is broken on purpose does not."""
import numpy as np
import pytest

from rtl import machine
from sim.eie import netlist
from spec import machines
from spec.eie import preset
from synth import models, verification
from synth import part as parts
from synth.check import BrokenLogic
from synth.run import from_built

SMALL = {"pes": 2, "preset": "ecp5", "entries": 512, "columns": 128, "slots": 8, "queue_depth": 16}


def unit_and_spec(design, **options):
    spec = machines.part(design, "spec").preset(options.pop("preset", "default"), **options)
    return from_built(machine.generate(design, spec), spec=spec), spec


@pytest.mark.full
@pytest.mark.parametrize("part", ["lfe5u-85f-6", "ice40up5k"])
def test_the_netlist_of_an_array_answers_as_golden(part):
    design, spec = unit_and_spec("eie", **SMALL)
    said = verification.verify(design, parts.named(part), spec)
    assert said == "48 outputs of 3 random layers, and their counters, equal the golden model's"


@pytest.mark.full
def test_a_multiplier_without_its_output_register_is_found(monkeypatch):
    sound = verification.text

    def broken(netlist, target):
        text = sound(netlist, target)
        assert '.REG_OUTPUT_CLK("CLK0")' in text
        return text.replace('.REG_OUTPUT_CLK("CLK0")', '.REG_OUTPUT_CLK("NONE")')

    monkeypatch.setattr(verification, "text", broken)
    design, spec = unit_and_spec("eie", **SMALL)
    with pytest.raises(BrokenLogic, match=r"first mismatch: layer random \d, index 0, \d+: expected -?\d+, got -?\d+"):
        verification.verify(design, parts.named("lfe5u-85f-6"), spec)


@pytest.mark.full
def test_the_netlist_of_a_tile_answers_as_golden():
    design, spec = unit_and_spec("mac", fold=16)
    said = verification.verify(design, parts.named("lfe5u-85f-6"), spec)
    assert said == "400 operations of the tile equal the golden model's"


@pytest.mark.full
def test_the_netlist_of_a_convolution_array_answers_as_golden():
    design, spec = unit_and_spec("scnn", preset="ecp5", rows=1, cols=1)
    said = verification.verify(design, parts.named("lfe5u-85f-6"), spec)
    assert said == "426 outputs of 3 random networks, and their counters, equal the golden model's"


def test_random_layers_pass_on_the_verilog_and_fail_on_a_broken_one():
    """The check itself, on text that needs no synthesis; every machine that is synthesized goes through it."""
    spec = preset("ecp5", pes=1, entries=256, columns=32, slots=4)
    made = machine.generate("eie", spec)
    said = netlist.verify(made, made.verilog, spec)
    assert said == "12 outputs of 3 random layers, and their counters, equal the golden model's"
    broken = made.verilog.replace("a_q * b_q", "a_q * b_q + 1")
    assert broken != made.verilog
    with pytest.raises(AssertionError, match=r"first mismatch: layer random \d, index 0, \d: expected"):
        netlist.verify(made, broken, spec)


def test_families_with_black_boxes_are_refused():
    with pytest.raises(ValueError, match="--verify must be for a part of ecp5 or ice40, not of gowin"):
        models.texts("gowin", "module x; endmodule")


def test_a_unit_is_refused():
    spec = preset("ecp5", pes=1)
    unit = from_built(machine.generate("eie", spec), unit="eie_pe", spec=spec)
    with pytest.raises(ValueError, match="--verify must be of a whole machine, not of eie_1-eie_pe"):
        verification.verify(unit, parts.named("lfe5u-85f-6"), spec)


@pytest.mark.parametrize("changes", [{}, {"slots": 4, "columns": 16}, {"word_bits": 32}, {"index_bits": 2}])
def test_random_layers_fit_the_machine_and_use_what_it_has(changes):
    spec = preset("ecp5", pes=3, **changes)
    found = [netlist.case(spec, seed=seed) for seed in range(4)]
    for one in found:
        layer, = one.image.layers
        assert layer.out_slots == min(spec.slots, netlist.MOST_SLOTS) and layer.bias.any()
        counts = np.diff(layer.pointers, axis=1)
        assert (counts == 0).any() and counts.max() > 1, "empty columns and others"
    assert any(one.golden.values[0].any() for one in found)
    assert any(one.image.layers[0].padding for one in found) or spec.slots <= spec.max_run + 1
