"""What a GPU answered, as a page that can be sent to someone."""
from collections.abc import Sequence
from typing import Any

TABLES = (
    ("instructions", "Instructions against the golden model", ("instruction", "rule", "results", "match", "first"),
     "Random tiles, made to tell rules apart. `match` must be `results`; `first` is the first difference."),
    ("chains", "One long instruction against two short ones", ("long", "short", "results", "same", "golden_same"),
     "How many results are the same, on the GPU and in the golden model."),
    ("probes", "Single questions", ("question", "instruction", "golden", "gpu", "same", "otherwise"),
     "Questions that no published recording answers. Where `same` is False, `otherwise` says what that means."),
    ("sparse", "Sparse products of the EIE array's layers", ("layer", "results", "match", "largest", "saturated"),
     "The GPU's sparse library on the weights of layers against the array's golden model."),
)


def verdict(found: dict[str, Any]) -> str:
    """Say in a sentence whether the GPU is as the golden model says."""
    rows = found["instructions"]
    wrong = [row["instruction"] for row in rows if row["match"] < row["results"]]
    results, odd = sum(row["results"] for row in rows), [row for row in found["probes"] if row["same"] is False]
    says = (f"{results - sum(row['match'] for row in rows)} of {results} results differ, in {', '.join(wrong)}" if wrong else
            f"all {results} results of {len(rows)} instructions are the golden model's")
    return f"{found['gpu']}: {says}; {len(odd)} of {len(found['probes'])} questions have another answer."


def page(found: dict[str, Any]) -> str:
    """Return the report of what was found, in Markdown."""
    about = (f"Compute capability {found['capability']}, driver CUDA {found['driver']}, runtime CUDA {found['runtime']}; "
             f"rules of {found['arch']}; seed {found['seed']}, {found['tiles']} tiles an instruction, {found['seconds']} s.")
    text = [f"# What does the {found['gpu']} compute?", "", verdict(found), "", about, ""]
    for name, title, columns, meaning in TABLES:
        text += [f"## {title}", "", meaning, "", *_table(columns, found[name]), ""]
    again = "Rows with the GPU's results; `python -m golden.mac --check FOLDER` compares them again without a GPU."
    text += ["## Recordings", "", again, "", *(f"* `{path}`" for path in found["recorded"])]
    return "\n".join(text) + "\n"


def _table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(str("" if cell is None else cell).replace("|", "\\|") for cell in cells) + " |"

    return [line(columns), line(["---"] * len(columns)), *(line([row[name] for name in columns]) for row in rows)]
