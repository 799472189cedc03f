"""Delays of a routed design, its slow wires, and a design routed again."""

import pytest

from synth import part as parts
from synth import place as places
from synth import repair
from synth.delays import read_delays, slow_wires
from synth.design import Design
from synth.result import checked, measure

# a.Q -> 1.0 -> t (0.2) -> 3.0 -> b.DI, and c.Q -> 2.5 -> t: clock to output 0.5, setup 0.1
SDF = r"""
(INTERCONNECT a/Q t/A (900:950:1000) (900:950:1000))
(INTERCONNECT c\$x/Q t/B (900:950:2500) (900:950:2500))
(INTERCONNECT t/F b/DI (900:950:3000) (900:950:3000))
(INTERCONNECT b/Q c\$x/DI (900:950:4000) (900:950:4000))
(INTERCONNECT \$PACKER_GND/F a/DI (900:950:9000) (900:950:9000))
(INSTANCE a)
(IOPATH CLK Q (400:450:500) (400:450:500))
(SETUPHOLD (posedge DI) (posedge CLK) (100:100:100) (0:0:0))
(INSTANCE b)
(IOPATH CLK Q (400:450:500) (400:450:500))
(SETUPHOLD (posedge DI) (posedge CLK) (100:100:100) (0:0:0))
(INSTANCE c\$x)
(IOPATH CLK Q (400:450:500) (400:450:500))
(SETUPHOLD (posedge DI) (posedge CLK) (100:100:100) (0:0:0))
(INSTANCE t)
(IOPATH A F (200:200:200) (200:200:200))
(IOPATH B F (200:200:200) (200:200:200))
"""


@pytest.mark.parametrize(("path", "wire", "drivers"), [
    (6_299, 1_000, {"c$x/Q", "t/F"}),           # 0.5 + 2.5 + 0.2 + 3.0 + 0.1 = 6.3 ns
    (6_299, 2_501, {"t/F"}),
    (6_300, 1_000, set()),
    (4_599, 4_000, {"b/Q"}),                    # 0.5 + 4.0 + 0.1 = 4.6 ns; the constant's wire does not count
])
def test_slow_wires_are_those_of_the_slowest_path_to_a_register(path, wire, drivers):
    assert slow_wires(read_delays(SDF.splitlines()), path=path, wire=wire) == drivers


def test_an_sdf_file_without_registers_is_refused():
    with pytest.raises(ValueError, match="must have wires and registers, not 1 wires and 0 register inputs"):
        read_delays(["(INTERCONNECT a/Q t/A (900:950:1000) (900:950:1000))"])


def test_a_combinational_loop_is_refused():
    text = SDF + "(INTERCONNECT t/F t/C (1:1:1) (1:1:1))\n(INSTANCE t)\n(IOPATH C F (1:1:1) (1:1:1))\n"
    with pytest.raises(ValueError, match="must not have a combinational loop"):
        slow_wires(read_delays(text.splitlines()), path=0, wire=0)


def test_nets_of_the_drivers_alone_lose_their_routing():
    net = {"bits": [4], "attributes": {"ROUTING": "X1/Y1/F0;;1"}}
    other = {"bits": [5], "attributes": {"ROUTING": "X1/Y1/F1;;1"}}
    bare = {"bits": [6], "attributes": {}}
    module = {"settings": {"router": "router2"}, "netnames": {"a": net, "b": other, "c": bare},
              "cells": {"x/y": {"connections": {"F": [4]}}, "z": {"connections": {"Q": [6]}}}}
    assert repair.without_routing({"modules": {"top": module}}, {"x/y/F", "z/Q"}) == 1
    assert "ROUTING" not in net["attributes"] and "ROUTING" in other["attributes"]
    assert module["settings"]["router"] == "router1"


SUM = """module total(input clk, input [15:0] a, b, output reg [15:0] y);
  reg [15:0] p, q; integer k; reg [15:0] t;
  always @* begin t = 0; for (k = 0; k < 8; k = k + 1) t = t + ((p >> k) ^ (q << k)); end
  always @(posedge clk) begin p <= a; q <= b; y <= t; end endmodule"""


def test_a_repaired_design_is_not_slower_and_names_all_commands(monkeypatch):
    monkeypatch.setattr(repair, "DETOUR_PS", 500)           # wires of so small a design are short
    target, design = parts.named("lfe5u-25f-6"), Design(name="total", top="total", verilog=SUM)
    plain, repaired = (measure(design, target, seeds=1, clock=200, extra=("--router", "router2"), repairs=repairs)
                       for repairs in (0, 1))
    assert repaired["fmax_mhz"]["median"] >= plain["fmax_mhz"]["median"]
    assert [repaired[figure] for figure in ("comb", "ff")] == [plain[figure] for figure in ("comb", "ff")]
    assert " && " in repaired["commands"][1] and "--no-place" in repaired["commands"][1] and " && " not in plain["commands"][1]


def test_a_repair_that_is_slower_or_fails_is_not_kept(monkeypatch, tmp_path):
    target, design = parts.named("lfe5u-25f-6"), Design(name="total", top="total", verilog=SUM)
    netlist = checked(design, target).folder / "net.json"
    before = places.place(netlist, target, seed=2, clock=200)
    real = places.tool.run
    monkeypatch.setattr(repair, "DETOUR_PS", 500)

    def fail(name, arguments, *, title, **more):
        outcome = real(name, arguments, title=title, **more)
        return places.replace(outcome, code=1) if "repair" in title else outcome

    monkeypatch.setattr(places.tool, "run", fail)
    monkeypatch.setattr(places, "fetch", lambda name, build: build(tmp_path) and tmp_path)      # not through the cache
    after = places.place(netlist, target, seed=2, clock=200, repairs=2)
    assert after.fmax == before.fmax and after.command.count("&&") == 1

