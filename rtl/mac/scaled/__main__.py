"""Write the Verilog of a block-scaled dot unit, module ``mac_scaled``, and a manifest that says its latency."""
from pathlib import Path
from typing import Annotated

import typer

from cli import command, paths
from rtl.mac.depth import DEPTHS
from rtl.mac.scaled.build import MODULE, generate
from spec.mac.scaled import SCALED

EXAMPLE = """Write the Verilog of a dot unit for a block-scaled format, and a manifest with its latency.

Example: python -m rtl.mac.scaled --format mxfp8_e4m3
"""

app = command.application(EXAMPLE)


@app.command(help=EXAMPLE)
def run(
    name: Annotated[str, typer.Option("--format", help=f"Format: {', '.join(SCALED)}.", show_default=False)],
    target: Annotated[str, typer.Option(help=f"Where its registers go: {', '.join(DEPTHS)}.")] = "ecp5",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder; build/mac_scaled_FORMAT if not given.")] = None,
) -> None:
    """Write NAME.v and NAME.json of a format."""
    if name not in SCALED:
        raise ValueError(f"--format must be one of {', '.join(SCALED)}, not {name!r}; name one")
    if target not in DEPTHS:
        raise ValueError(f"--target must be one of {', '.join(DEPTHS)}, not {target!r}; name one")
    folder = out or Path("build") / f"{MODULE}_{name}"
    paths.check(folders={"--out": folder})
    verilog, about = generate(SCALED[name], target)
    command.write_text(folder / f"{MODULE}.v", verilog)
    command.write_report(folder / f"{MODULE}.json", about)
    print(f"{folder / MODULE}.v  {len(verilog):,} bytes; a result {about['latency']} cycles after its operands")


if __name__ == "__main__":
    command.main(app)
