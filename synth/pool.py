"""Jobs over Dask: local processes, a running cluster, or a batch system; each result kept the moment it is there."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cli.command import progress, write_json
from sim.cache import home, key

QUEUES = ("slurm",)


@contextlib.contextmanager
def client(*, scheduler: str = "", jobqueue: str = "", workers: int = 1) -> Iterator[Any]:
    """Yield a Dask client: of a scheduler's address, of a batch system, or of local processes.

    A worker runs one job at a time in a process of its own, so that its death takes nothing else with it.
    """
    import distributed

    if scheduler and jobqueue:
        raise ValueError(f"--scheduler and --jobqueue must not both be given, not {scheduler!r} and {jobqueue!r}; name one")
    if jobqueue and jobqueue not in QUEUES:
        raise ValueError(f"--jobqueue must be {' or '.join(QUEUES)}, not {jobqueue!r}")
    if jobqueue and not shutil.which("sbatch"):
        raise FileNotFoundError("--jobqueue slurm must have sbatch on PATH, and it is not; run this where jobs are submitted")
    if scheduler:
        try:
            found = distributed.Client(scheduler, timeout="10s")
        except OSError as error:
            raise OSError(f"--scheduler must be the address of a running one, not {scheduler!r}: {error}") from error
        with found:
            yield found
        return
    with _cluster(jobqueue, workers) as cluster, distributed.Client(cluster) as found:
        yield found


def _cluster(jobqueue: str, workers: int) -> Any:
    import distributed

    if jobqueue:
        import dask_jobqueue

        cluster = dask_jobqueue.SLURMCluster(cores=1, processes=1, memory="4GB", walltime="12:00:00")
        cluster.scale(workers)
        return cluster
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)


def keep(name: str) -> Path:
    """Return where the result of a job is kept."""
    return home() / "sweep" / f"{key(name)}.json"


def work(pool: Any, jobs: Sequence[tuple[str, Any]], do: Callable[[Any], dict[str, Any]], *,
         title: str) -> dict[str, dict[str, Any]]:
    """Return a result for each job by name, kept ones at once; failures as ``{"error": text}``.

    Parameters
    ----------
    pool : distributed.Client
    jobs : sequence of (name, argument)
        The name tells a job from all others, by content.
    do : callable
        Runs in a worker; its result is data for JSON, and is kept for the next call.
    """
    import distributed

    found: dict[str, dict[str, Any]] = {}
    with progress(title, len(jobs)) as bar:
        for name, _ in jobs:
            with contextlib.suppress(OSError, json.JSONDecodeError):
                found[name] = json.loads(keep(name).read_text())
                bar.advance()
        waiting = {pool.submit(do, argument, pure=False): name         # Dask sends it again if its worker dies
                   for name, argument in jobs if name not in found}
        for future in distributed.as_completed(waiting):
            name = waiting.pop(future)
            if future.status == "finished":
                found[name] = future.result()
                write_json(keep(name), found[name])
            else:
                found[name] = {"error": f"{type(future.exception()).__name__}: {future.exception()}"}
            future.release()                # else its result is computed again when its worker dies later
            bar.advance()
    return found
