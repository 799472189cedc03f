"""sim.toy.run: the options and the work of sim.run."""
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from files.array import read_array
from sim.bus.toy import generate
from sim.session import hold
from tests.toy import compress, golden


def run(image: Path, *, input: Annotated[Path, typer.Option(help="Words, .npy.")]) -> None:
    """Run an image on the Verilog of its machine; every value and counter is compared with golden."""
    words = read_array(input, "input").tolist()
    loaded, want = compress.load(image), golden.run(golden.load(image), words)
    got = hold(generate(loaded.spec), [partial(compress.session, loaded, words)])[0].value
    different = int(np.count_nonzero(got.outputs != want.outputs)) + (got.counters != want.counters)
    print(f"values and counters: {len(words) + 1}, different: {different}")
    if different:
        raise typer.Exit(1)
