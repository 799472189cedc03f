"""Timing diagrams compared with a simulation: their inputs are played into the hardware, their outputs must be its own."""
import re

import pytest
from amaranth.sim import Simulator

from docsite import pictures, stage, timing
from rtl.emit import Submodules
from rtl.mac.datapath import Datapath
from rtl.mac.depth import cuts_of
from rtl.mac.tile import Tile
from sim.bus.toy import Toy, ToySpec
from spec.mac import MacSpec

QUIET = 4                                   # cycles after the reset before a diagram begins
HARDWARE = {
    "toy": lambda: Toy(ToySpec(bits=16)),
    "tile": lambda: Tile(Datapath(NIBBLES), cuts_of(NIBBLES.target), Submodules()),
}
NIBBLES = MacSpec(arch="ampere", formats=("int4",), acc="int32", overflow="saturate")


def play(hardware, inputs, outputs):
    """Return output -> its value in each cycle, with inputs set after a clock edge and outputs read before the next."""
    seen = {name: [] for name in outputs}

    async def testbench(context):
        await context.tick().repeat(QUIET)
        for cycle in range(len(next(iter(inputs.values())))):
            for name, wave in inputs.items():
                context.set(getattr(hardware, name), wave[cycle] or 0)
            for name in outputs:
                seen[name].append(context.get(getattr(hardware, name)))
            await context.tick()

    simulator = Simulator(hardware)
    simulator.add_clock(1e-8)
    simulator.add_testbench(testbench)
    simulator.run()
    return seen


def differences(diagram):
    """Return where a diagram and the hardware that it is about differ, one text each."""
    told = timing.group(diagram, "machine")
    seen = play(HARDWARE[diagram["about"]](), timing.group(diagram, "host"), told)
    return [f"{name} in cycle {cycle}: {want} told, {got} seen" for name in told
            for cycle, (want, got) in enumerate(zip(told[name], seen[name], strict=True)) if want not in (None, got)]


@pytest.mark.parametrize("name", timing.names())
def test_a_diagram_is_what_the_hardware_does(name):
    assert not differences(timing.load(name))


def test_a_diagram_that_is_wrong_is_found():
    diagram = timing.load("read")
    answer = next(one for one in diagram["signal"][4][1:] if one["name"] == "s_axil_rvalid")
    answer["wave"] = "0..10...."
    assert differences(diagram) == ["s_axil_rvalid in cycle 3: 1 told, 0 seen", "s_axil_rvalid in cycle 4: 0 told, 1 seen"]


def test_every_diagram_is_on_a_page_and_names_its_hardware():
    asked = {name for text in stage.written().values() for kind, name in pictures.ASKED.findall(text) if kind == "timing"}
    assert asked == set(timing.names()) and {timing.load(name)["about"] for name in asked} == set(HARDWARE)


def test_waves_are_read():
    assert list(timing.values({"name": "a", "wave": "x01.=.=x", "data": ["0x10", "3"]})) == [None, 0, 1, 1, 16, 16, 3, None]
    with pytest.raises(ValueError, match="the wave of a must be of 0, 1, x, = and dots, not 'z'"):
        list(timing.values({"name": "a", "wave": "z"}))
    with pytest.raises(ValueError, match="must have a group 'host'"):
        timing.group({"signal": [{"name": "clk", "wave": "p"}]}, "host")


def test_a_diagram_is_drawn():
    drawn = pictures.filled("<!-- timing: read -->\n", "page.md")
    assert all(name in drawn for name in timing.group(timing.load("read"), "machine")) and "0x10" in drawn
    rules = re.findall(r"([^{}]*)\{", re.search(r"<style[^>]*>(?:<!\[CDATA\[)?(.*?)</style>", drawn, re.DOTALL)[1])
    assert len(rules) > 3 and all(rule.strip().startswith((".wave-", "figure.timing ")) for rule in rules)
    assert 'class="s1"' not in drawn and 'class="wave-s1"' in drawn
    assert "\n\n" not in drawn.strip() and "<figcaption>A read of register 0x10" in drawn
    with pytest.raises(ValueError, match="page.md must ask for a picture that is there"):
        pictures.filled("<!-- timing: never -->\n", "page.md")
