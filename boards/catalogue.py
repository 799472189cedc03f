"""The boards: what is on each, and the machine that is built for it when none is asked for."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from amaranth.build import Attrs, Platform
from amaranth_boards.resources import UARTResource

from spec import link
from synth.part import PARTS, Part


@dataclass(frozen=True, kw_only=True)
class Board:
    """One board.

    Parameters
    ----------
    name : str
        Ours.
    title : str
        The maker's.
    platform : str
        Module and class of amaranth-boards, which hold its pins: ``ulx3s.ULX3S_85F_Platform``.
    part : Part
        Its chip, in its package.
    oscillator_hz : int
        Of the clock that feeds the PLL.
    clock_hz : float
        Of the machine, unless another is asked for.
    clocks : Mapping
        Clocks, by machine, of those that are known not to reach that one.
    bridge : str
        What joins the serial line to USB.
    baud : int
        Rate of the line, unless another is asked for: the highest that is safe on that bridge.
    clock : str
        Resource of that clock; the platform's own if empty.
    uart : tuple
        Pins rx and tx of the line, as connector pins, where the platform names no line; else empty.
    lamps : tuple
        Resources of the lamps, in the order loaded, busy, error, beat, each (name, number) or (name, number, signal).
    high : tuple
        Resources that are driven high.
    slots : int
        Requests the link keeps.
    design : Mapping
        Options of each machine that fits, by machine; see `boards.choice`.
    usb : tuple
        Vendor and product numbers of the bridge, by which ``--port auto`` finds it.
    notes : str
    planned : bool
        The machine is built up to a plan only: no open tools make its bitstream here.
    """

    name: str
    title: str
    platform: str
    part: Part
    oscillator_hz: int
    clock_hz: float
    bridge: str
    baud: int
    clock: str = ""
    uart: tuple[Mapping[str, str], tuple[str, int]] | tuple = ()
    lamps: tuple[tuple, ...] = ()
    high: tuple[tuple[str, int], ...] = ()
    slots: int = link.SLOTS
    design: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clocks: Mapping[str, float] = field(default_factory=dict)
    usb: tuple[int, int] | None = None
    notes: str = ""
    planned: bool = False

    def make_platform(self) -> Platform:
        """Return a fresh platform of amaranth-boards, with a serial line."""
        module, _, name = self.platform.partition(".")
        made = getattr(importlib.import_module(f"amaranth_boards.{module}"), name)()
        if self.uart:
            pins, connector = self.uart
            attributes = {"IO_TYPE": "LVCMOS33"} if self.part.family != "ice40" else {"IO_STANDARD": "SB_LVCMOS"}
            made.add_resources([UARTResource(0, rx=pins["rx"], tx=pins["tx"], conn=connector, attrs=Attrs(**attributes))])
        return made


def _part(name: str, **changes: Any) -> Part:
    return replace(PARTS[name], **changes)


def _lamps(count: int) -> tuple[tuple[str, int], ...]:
    return tuple(("led", number) for number in range(count))


_ECP5: dict[str, dict[str, Any]] = {"eie": {"name": "ecp5"}, "mac": {}, "scnn": {"name": "ecp5", "weight_memory": 2048}}
_CLOCKS = {"mac": 75e6, "scnn": 75e6}
"""Clocks, on an ECP5, of the machines whose bitstreams missed 100 MHz; docs/boards/boards.md says by what."""

_ICE40: dict[str, dict[str, Any]] = {"eie": {"name": "ice40"}, "mac": {"target": "ice40"}}


def _ulx3s(size: str, part: Part) -> Board:
    return Board(
        name=f"ulx3s-{size}", title=f"Radiona ULX3S, LFE5U-{size.upper()}", platform=f"ulx3s.ULX3S_{size.upper()}_Platform",
        part=part, oscillator_hz=25_000_000, clock_hz=100e6, bridge="FT231X, 3 Mbaud", baud=3_000_000,
        lamps=_lamps(4), usb=(0x0403, 0x6015), design=_ECP5, clocks=_CLOCKS,
        notes="LEDs 0 to 3. The 12F is a 25F that is sold with half of it promised; the tools build for all of it.")


def _orangecrab(size: str, part: Part) -> Board:
    return Board(
        name=f"orangecrab-{size}", title=f"OrangeCrab r0.2, LFE5U-{size.upper()}",
        platform=f"orangecrab_r0_2.OrangeCrabR0_2_{size.upper()}Platform", part=part, oscillator_hz=48_000_000, clock_hz=96e6,
        bridge="none: an adapter of 3.3 V on pins 0 (rx) and 1 (tx) of the header", baud=1_000_000,
        uart=({"rx": "0", "tx": "1"}, ("io", 0)), lamps=(("rgb_led", 0, "g"), ("rgb_led", 0, "b"), ("rgb_led", 0, "r")),
        design=_ECP5, clocks=_CLOCKS,
        notes="The USB plug goes to the FPGA itself; we make no USB device, so the line needs an adapter.")


BOARDS: dict[str, Board] = {board.name: board for board in [
    _ulx3s("12f", _part("lfe5u-25f-6", device="12k")),
    *(_ulx3s(size, PARTS[f"lfe5u-{size}-6"]) for size in ("25f", "45f", "85f")),
    *(Board(name=f"ecpix5-{size}", title=f"LambdaConcept ECPIX-5, LFE5UM5G-{size.upper()}",
            platform=f"ecpix5.ECPIX5{size[:2]}Platform",
            part=_part(f"lfe5u-{size}-8", device=f"um5g-{size[:-1]}k", package="CABGA554"), oscillator_hz=100_000_000,
            clock_hz=100e6, bridge="FT2232H, channel B, 3 Mbaud", baud=3_000_000,
            lamps=(("rgb_led", 0, "g"), ("rgb_led", 1, "b"), ("rgb_led", 2, "r"), ("rgb_led", 3, "g")), usb=(0x0403, 0x6010),
            design=_ECP5, clocks=_CLOCKS) for size in ("45f", "85f")),
    Board(name="colorlight-5a75b", title="Colorlight 5A-75B, revision 7.0",
          platform="colorlight_5a75b_r7_0.Colorlight_5A75B_R70Platform",
          part=_part("lfe5u-25f-6", package="CABGA256"), oscillator_hz=25_000_000, clock_hz=100e6,
          bridge="none: an adapter of 3.3 V on J19 (rx at the key, tx at the lamp)", baud=1_000_000,
          design=_ECP5, clocks=_CLOCKS,
          notes="Its only lamp shares pin P11 with the line's tx, and so shows the line."),
    _orangecrab("25f", _part("lfe5u-25f-8", package="CSFBGA285")),
    _orangecrab("85f", _part("lfe5u-85f-8", package="CSFBGA285")),
    Board(name="icebreaker", title="1BitSquared iCEBreaker", platform="icebreaker.ICEBreakerPlatform", part=PARTS["ice40up5k"],
          oscillator_hz=12_000_000, clock_hz=24e6, bridge="FT2232H, channel B, 3 Mbaud", baud=3_000_000, lamps=_lamps(2),
          slots=4, usb=(0x0403, 0x6010), design=_ICE40, notes="Lamps loaded (red) and busy (green)."),
    Board(name="icesugar", title="MuseLab iCESugar", platform="icesugar.ICESugarPlatform", part=PARTS["ice40up5k"],
          oscillator_hz=12_000_000, clock_hz=24e6, bridge="iCELink, 115,200 baud", baud=115_200, lamps=_lamps(3), slots=4,
          usb=(0x1D50, 0x602B), design=_ICE40),
    Board(name="upduino-v3", title="tinyVision UPduino 3", platform="upduino_v3.UpduinoV3Platform", part=PARTS["ice40up5k"],
          oscillator_hz=12_000_000, clock_hz=24e6, clock="clk12",
          bridge="none: an adapter of 3.3 V, rx 23, tx 25", baud=1_000_000, uart=({"rx": "7", "tx": "8"}, ("j", 0)),
          lamps=(("rgb_led", 0, "g"), ("rgb_led", 0, "b"), ("rgb_led", 0, "r")), slots=4, design=_ICE40,
          notes="The OSC jumper must be closed: the chip's own oscillator is too far from its frequency for a serial line."),
    Board(name="tangnano9k", title="Sipeed Tang Nano 9K", platform="tang_nano_9k.TangNano9kPlatform", part=PARTS["gw1nr-9"],
          oscillator_hz=27_000_000, clock_hz=27e6, bridge="BL702, 1 Mbaud", baud=1_000_000, lamps=_lamps(4), slots=4,
          usb=(0x0403, 0x6010), design={"eie": {"name": "ecp5", "entries": 1024, "columns": 512}},
          notes="2 Mbaud and more lose bytes on some firmware of the bridge; the link would repeat them."),
    Board(name="tangprimer20k", title="Sipeed Tang Primer 20K with dock", platform="tang_primer_20k.TangPrimer20kDockPlatform",
          part=PARTS["gw2a-18"], oscillator_hz=27_000_000, clock_hz=54e6, bridge="BL702 on the dock, 1 Mbaud", baud=1_000_000,
          lamps=_lamps(4), usb=(0x0403, 0x6010), design={"eie": {"name": "ecp5"}}),
    Board(name="arty-a7-100", title="Digilent Arty A7-100T", platform="arty_a7.ArtyA7_100Platform", part=PARTS["xc7a100t"],
          oscillator_hz=100_000_000, clock_hz=100e6, bridge="FT2232H, channel B, 3 Mbaud", baud=3_000_000, lamps=_lamps(4),
          usb=(0x0403, 0x6010), design=_ECP5, planned=True,
          notes="A plan for Vivado only; the oscillator's 100 MHz are the machine's clock."),
]}


def named(name: str) -> Board:
    """Return a board, or say which there are."""
    if name not in BOARDS:
        raise ValueError(f"--board must be one of {', '.join(BOARDS)}, not {name!r}; python -m boards.list tells them apart")
    return BOARDS[name]


