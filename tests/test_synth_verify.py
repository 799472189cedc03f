"""Netlists answer as golden does, and a netlist that is broken on purpose does not."""
import pytest

from rtl import machine
from spec.eie import preset
from synth import models, vectors, verification
from synth import part as parts
from synth.check import BrokenLogic
from synth.run import from_built

SMALL = {"pes": 2, "preset_": "ecp5", "entries": 512, "columns": 128, "slots": 8, "queue_depth": 16}


def machine_of(design, **options):
    spec = machine.make_spec(design, **options)
    return from_built(machine.generate(design, spec), spec=spec), spec


@pytest.mark.full
@pytest.mark.parametrize("part", ["lfe5u-85f-6", "ice40up5k"])
def test_the_netlist_of_an_array_answers_as_golden(part):
    design, spec = machine_of("eie", **SMALL)
    said = verification.verify(design, parts.named(part), spec)
    assert said == "48 outputs of 3 random layers equal golden's"


@pytest.mark.full
def test_a_multiplier_without_its_output_register_is_found(monkeypatch):
    sound = verification.text

    def broken(netlist, target):
        text = sound(netlist, target)
        assert '.REG_OUTPUT_CLK("CLK0")' in text
        return text.replace('.REG_OUTPUT_CLK("CLK0")', '.REG_OUTPUT_CLK("NONE")')

    monkeypatch.setattr(verification, "text", broken)
    design, spec = machine_of("eie", **SMALL)
    with pytest.raises(BrokenLogic, match=r"layer 0, output \d+ must be -?\d+, not -?\d+"):
        verification.verify(design, parts.named("lfe5u-85f-6"), spec)


@pytest.mark.full
def test_the_netlist_of_a_tile_answers_as_golden():
    design, spec = machine_of("mac", fold=16)
    said = verification.verify(design, parts.named("lfe5u-85f-6"), spec)
    assert said == "400 operations of the tile equal golden's"


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
    seen = [vectors.layer(spec, seed=seed) for seed in range(4)]
    for made in seen:
        codes = made.entries & ((1 << spec.codebook_bits) - 1)
        runs = made.entries >> spec.codebook_bits
        assert made.pointers.max() + spec.bias_words(made.out_slots) * spec.word_entries < spec.entries
        assert (runs[codes == 0] == spec.max_run).all() and made.out_slots <= spec.slots
    packets, expected = vectors.job(spec, seed=1)
    assert len(expected) == seen[1].out_slots * spec.pes and (expected >= 0).all() and expected.any()
    assert len(packets) == 3 + 2 * spec.pes
