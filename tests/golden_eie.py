"""A plain encoder for the tests of golden/eie, which share nothing with compress."""
import numpy as np

from golden.eie import Layer


def encode(spec, columns, out_slots, *, bias=False):
    """A layer from, for each column, the codes at physical rows; a set of rows means code 1."""
    entries, pointers = [], []
    for pe in range(spec.pes):
        mine = []
        pointers.append([0])
        for rows in columns:
            codes = rows if isinstance(rows, dict) else dict.fromkeys(rows, 1)
            before = -1
            for row in sorted(row for row in codes if row % spec.pes == pe):
                skipped, run = divmod(row // spec.pes - before - 1, spec.max_run + 1)
                mine += [spec.max_run << spec.codebook_bits] * skipped + [run << spec.codebook_bits | codes[row]]
                before = row // spec.pes
            pointers[-1].append(len(mine))
        entries += mine
    pointers = np.pad(np.array(pointers, np.uint32), ((0, 0), (0, -len(columns) % spec.pes)), mode="edge")
    return Layer(entries=np.array(entries, np.uint16), pointers=pointers, inputs=len(columns),
                 outputs=out_slots * spec.pes, in_slots=(pointers.shape[1] - 1) // spec.pes, out_slots=out_slots,
                 bias=np.zeros(out_slots * spec.pes, int) if bias else None)
