"""The devices that a design can be measured for, and the boards that carry them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Part:
    """One device of one speed grade, as the tools name it.

    Parameters
    ----------
    name : str
        Ours, lower case, speed grade last where the family has grades.
    family : str
        ``ecp5``, ``ice40``, ``gowin`` or ``xc7``: which synthesis script and which technology cells.
    device, package, grade : str
        As nextpnr wants them; empty where it has no such option.
    pins : dict
        Places of the harness's three pins, for a tool that wants them.
    routed : bool
        Whether open tools place and route it; if not, there is no clock figure.
    clock : float
        Target in MHz that place and route works towards.
    comb, ff, dsp, bram : int
        What the device has; ``comb`` are look-up tables of four inputs (six on ``xc7``).
    """

    name: str
    family: str
    device: str
    package: str = ""
    grade: str = ""
    pins: dict[str, str] = field(default_factory=dict)
    routed: bool = True
    clock: float
    comb: int
    ff: int
    dsp: int
    bram: int

    @property
    def mapping(self) -> tuple[str, ...]:
        """Options that the part adds to its family's synthesis command."""
        if self.family == "ice40":          # flip-flops of a tile share one enable: a rare one is cheaper as logic
            return ("-device", "u" if self.device.startswith("up") else "hx", *(["-dsp"] if self.dsp else []),
                    "-dffe_min_ce_use", "12")
        return ()

    @property
    def has(self) -> dict[str, int]:
        """What the device has, by the names of a result."""
        return {"comb": self.comb, "ff": self.ff, "dsp": self.dsp, "bram": self.bram}


_ECP5 = {"25f": (24288, 28, 56), "45f": (43848, 72, 108), "85f": (83640, 156, 208)}

PARTS = {part.name: part for part in [
    *(Part(name=f"lfe5u-{size}-{grade}", family="ecp5", device=f"{size[:-1]}k", package="CABGA381",
           grade=grade, clock=clock, comb=comb, ff=comb, dsp=dsp, bram=bram)
      for size, (comb, dsp, bram) in _ECP5.items()
      for grade, clock in (("6", 200.0), ("7", 230.0), ("8", 260.0))),
    Part(name="ice40up5k", family="ice40", device="up5k", package="sg48", clock=40.0,
         comb=5280, ff=5280, dsp=8, bram=30),
    Part(name="ice40hx8k", family="ice40", device="hx8k", package="ct256", clock=100.0,
         comb=7680, ff=7680, dsp=0, bram=32),
    Part(name="gw1nr-9", family="gowin", device="GW1NR-LV9QN88PC6/I5", package="GW1N-9C", clock=100.0,
         pins={"clk": "52", "si": "25", "so": "26"},
         comb=8640, ff=6480, dsp=20, bram=26),
    Part(name="gw2a-18", family="gowin", device="GW2A-LV18PG256C8/I7", package="GW2A-18", clock=100.0,
         pins={"clk": "H11", "si": "T10", "so": "C13"},
         comb=20736, ff=15552, dsp=48, bram=46),
    Part(name="xc7a100t", family="xc7", device="xc7a100t", routed=False, clock=0.0,
         comb=63400, ff=126800, dsp=240, bram=270),
]}

BOARDS = {
    "ulx3s-25f": "lfe5u-25f-6", "ulx3s-45f": "lfe5u-45f-6", "ulx3s-85f": "lfe5u-85f-6",
    "orangecrab-25f": "lfe5u-25f-8", "orangecrab-85f": "lfe5u-85f-8", "ecpix5-85f": "lfe5u-85f-8",
    "icebreaker": "ice40up5k", "ice40hx8k-evb": "ice40hx8k",
    "tangnano9k": "gw1nr-9", "tangprimer20k": "gw2a-18", "arty-a7-100": "xc7a100t",
}
"""Boards by name and the part on each."""


def named(name: str) -> Part:
    """Return the part called ``name``, or say which there are."""
    if name not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, not {name!r}; see docs/synth.md")
    return PARTS[name]


def of_board(name: str) -> Part:
    """Return the part on the board called ``name``, or say which boards are known."""
    if name not in BOARDS:
        raise ValueError(f"board must be one of {', '.join(BOARDS)}, not {name!r}; "
                         f"or name the chip with --part")
    return PARTS[BOARDS[name]]


def target_of(board: str, part: str) -> Part:
    """Return the part that a command line names, by board or by itself."""
    if board and part:
        raise ValueError(f"--board and --part must not both be given, not {board!r} and {part!r}; name one")
    return of_board(board) if board else named(part or "lfe5u-85f-6")
