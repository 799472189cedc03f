"""Which modules stay modules through synthesis: those worth mapping once instead of many times."""

from synth.script import unit_name

LEAST_COPIES = 2
LEAST_CELLS = 100       # word-level cells; below, what flattening saves is worth more than the time
TECH_PREFIX = "nz_"


def sizes(survey: dict) -> dict[str, tuple[int, dict[str, int]]]:
    """Return of each module its own word-level cells and its instances of other modules."""
    modules = {name.removeprefix("\\"): data for name, data in survey["modules"].items()}
    found = {}
    for name, data in modules.items():
        kinds = data["num_cells_by_type"]
        inner = {kind: count for kind, count in kinds.items() if kind in modules}
        found[name] = (sum(kinds.values()) - sum(inner.values()), inner)
    return found


def keep(survey: dict, top: str) -> list[str]:
    """Return the modules to keep: repeated ones of some size, outermost first.

    Inside a kept module everything is flattened unless it is repeated there in turn; technology cells are
    always flattened, so that a constant or unused port of one costs nothing.
    """
    known = sizes(survey)

    def flat(name: str) -> int:
        own, inner = known[name]
        return own + sum(count * flat(child) for child, count in inner.items())

    kept: list[str] = []

    def visit(name: str) -> None:
        copies: dict[str, int] = {}
        count_in(name, 1, copies)
        chosen = [child for child, count in copies.items() if count >= LEAST_COPIES
                  and flat(child) >= LEAST_CELLS and not unit_name(child).startswith(TECH_PREFIX)]
        inside = {grand for child in chosen for grand in _below(known, child)}
        for child in chosen:
            if child not in kept and child not in inside:
                kept.append(child)
                visit(child)

    def count_in(name: str, times: int, copies: dict[str, int]) -> None:
        for child, count in known[name][1].items():
            copies[child] = copies.get(child, 0) + count * times
            count_in(child, count * times, copies)

    visit(top)
    return kept


def _below(known: dict, name: str) -> set[str]:
    children = set(known[name][1])
    return children.union(*(_below(known, child) for child in children))
