"""A probe in the simulation of a machine: counts of what its parts do, written down every few cycles; the side outside.

The probe is Verilog beside the machine in the harness: it reads ports of blocks by their places in the hierarchy and adds up,
so that nothing crosses to Python in a cycle. A run without a probe has none of it in its simulation.
"""

from dataclasses import dataclass

RECORDS = "probe.txt"       # written in the folder in which the simulation runs


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A quantity of each part of a group, added up over the cycles of a record.

    Parameters
    ----------
    name : str
        As in a counter of the machine where the measure, summed over parts and cycles, is that counter.
    label : str
        What a reader is told.
    signals : tuple of str
        A Verilog expression for each part, in the scope of the harness.
    bits : int
        Of each expression.
    late : int
        Cycles by which the expressions tell of what was.
    scale : int
        What a part can add in a cycle at most.
    peak : bool
        Keep the largest value instead of the sum.
    """

    name: str
    label: str
    signals: tuple[str, ...]
    bits: int = 1
    late: int = 0
    scale: int = 1
    peak: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Parts of a kind, such as PEs or the causes of a control unit's cycles, and what is measured of each.

    ``moment`` says that a page shows them side by side at one moment too.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    measures: tuple[Measure, ...]
    moment: bool = False

    def __post_init__(self) -> None:
        for measure in self.measures:
            if len(measure.signals) != len(self.parts):
                raise ValueError(f"{measure.name} of {self.name} must have a signal for each of {len(self.parts)} parts, not "
                                 f"{len(measure.signals)}")


@dataclass(frozen=True, kw_only=True)
class Work:
    """The useful work of a machine: a measure of a group, and the sum over its parts in a cycle in which nothing is idle."""

    group: str
    measure: str
    full: float


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What to measure, and when.

    Parameters
    ----------
    window : str
        An expression that is 1 in the cycles that count.
    mark : str
        A number, such as the layer's, by which records are told apart, ``mark_late`` cycles later.
    work : Work
    groups : tuple of Group
    """

    window: str
    mark: str
    work: Work
    groups: tuple[Group, ...]
    mark_late: int = 0

    @property
    def columns(self) -> list[tuple[Group, Measure, str]]:
        """Every value of a record: group, measure and signal."""
        return [(group, measure, signal) for group in self.groups for measure in group.measures for signal in measure.signals]

    def verilog(self) -> str:
        """Return the probe as items of a module that has ``clk`` and the machine as instance ``machine``."""
        columns = self.columns
        latest = max(self.mark_late, *(measure.late for _, measure, _ in columns))
        lines = [_line("probe_on", self.window, 1, latest), _line("probe_at", self.mark, 32, latest - self.mark_late)]
        adding = []
        for number, (_, measure, signal) in enumerate(columns):
            lines.append(_line(f"probe_now{number}", signal, measure.bits, latest - measure.late))
            kept, now = f"probe_sum[{number}]", f"probe_now{number}"
            adding.append(f"      if ({now} > {kept}) {kept} = {now};" if measure.peak else f"      {kept} = {kept} + {now};")
        return BODY.replace("SIGNALS", "\n".join(lines)).replace("ADDING", "\n".join(adding)).replace(
            "COLUMNS", str(len(columns))).replace("RECORDS", RECORDS)


BODY = """
  // Adds up while probe_on; a record every probe_every cycles, at a change of the mark and at the end of a window.
  integer probe_file, probe_every, probe_windows, probe_ticks, probe_k;
  reg     probe_was;
  reg [31:0] probe_mark;
  reg [31:0] probe_sum [0:COLUMNS-1];
SIGNALS
  initial begin
    if (!$value$plusargs("probe_every=%d", probe_every)) probe_every = 1;
    if (!$value$plusargs("probe_windows=%d", probe_windows)) probe_windows = 1;
    probe_file = $fopen("RECORDS", "w");
    probe_ticks = 0; probe_was = 0; probe_mark = 0;
    for (probe_k = 0; probe_k < COLUMNS; probe_k = probe_k + 1) probe_sum[probe_k] = 0;
  end
  always @(posedge clk) begin
    if (probe_ticks != 0 && (!probe_on || probe_ticks == probe_every || probe_mark != probe_at)) begin
      $fwrite(probe_file, "%0d %0d %0d", probe_windows, probe_mark, probe_ticks);
      for (probe_k = 0; probe_k < COLUMNS; probe_k = probe_k + 1) begin
        $fwrite(probe_file, " %0d", probe_sum[probe_k]);
        probe_sum[probe_k] = 0;
      end
      $fwrite(probe_file, "\\n");
      probe_ticks = 0;
    end
    if (probe_was && !probe_on) begin
      probe_windows = probe_windows - 1;
      $fflush(probe_file);
    end
    probe_was = probe_on;
    if (probe_on && probe_windows > 0) begin
      probe_mark = probe_at;
      probe_ticks = probe_ticks + 1;
ADDING
    end
  end
"""


def _line(name: str, signal: str, bits: int, late: int) -> str:
    """Return a wire for a signal, ``late`` cycles later."""
    wide = f"[{bits - 1}:0] "
    if not late:
        return f"  wire {wide}{name} = {signal};"
    lines = [f"  reg {wide}{name}_{k} = 0;" for k in range(late)]
    steps = " ".join(f"{name}_{k} <= {f'{name}_{k - 1}' if k else signal};" for k in range(late))
    return "\n".join([*lines, f"  always @(posedge clk) begin {steps} end", f"  wire {wide}{name} = {name}_{late - 1};"])
