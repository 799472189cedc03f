"""Put the measured figures into the documentation, so that no number there is typed by hand."""

import json
from pathlib import Path
from typing import Any

from cli.command import application, main, write_text
from spec import machines
from synth import part as parts
from synth.design import ROOT
from synth.fit import MEASURED

PAGE = ROOT / "docs" / "synth.md"
BEGIN, END = "<!-- measured: written by python -m synth.pages -->", "<!-- end of measured -->"
app = application("Put the measured figures into docs/synth.md.")


def table(rows: list[dict[str, Any]]) -> str:
    """Return the measurements as a Markdown table, in the order of machine, part and size."""
    lines = ["| machine | part | LUT | FF | multipliers | block RAM | MHz (seeds) |", "|---|---|--:|--:|--:|--:|--:|"]
    for row in sorted(rows, key=lambda one: (one["kind"], one["part"], one["comb"])):
        spec = ", ".join(f"{name} {_text(row['spec'][name])}" for name in machines.part(row["kind"], "synth").SHOWN)
        clock = f"{row['fmax_mhz']:.1f} ({row['seeds']})" if "fmax_mhz" in row else "not routed"
        share = row["comb"] / parts.named(row["part"]).comb
        lines.append(f"| {row['kind']}: {spec} | {row['part']} | {row['comb']:,} ({share:.0%}) | {row['ff']:,} | "
                     f"{row['dsp']} | {row['bram']} | {clock} |")
    return "\n".join(lines)


def _text(value: Any) -> str:
    return "+".join(value) if isinstance(value, list) else str(value)


def filled(page: str, text: str) -> str:
    """Return a page with what stands between the two marks replaced."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"a page must hold {BEGIN!r} and {END!r} once each; put them where the table belongs")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"


@app.command()
def command() -> None:
    """Rewrite the table of docs/synth.md from synth/measured.json, for example: python -m synth.pages."""
    write_text(PAGE, filled(PAGE.read_text(), table(json.loads(Path(MEASURED).read_text()))))
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main(app)
