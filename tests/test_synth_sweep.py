"""A sweep outlives its workers, takes up what is missing, and says what was wrong."""
import csv
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from cli.command import main
from spec.eie import preset
from synth import pool, sweep
from tests.commands import leave


def square(job):
    """A job for a worker: says where it runs, waits for its permission, answers."""
    folder, number = job
    Path(folder, f"pid_{number}_{os.getpid()}").touch()
    if number == 3:
        deadline = time.monotonic() + 60
        while not Path(folder, "go").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    Path(folder, f"done_{number}_{os.getpid()}").touch()
    if number == 5:
        raise ValueError("five is refused")
    return {"square": number * number}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NONZERO_CACHE", str(tmp_path / "cache"))
    return tmp_path


def jobs(folder, numbers):
    return [(f"job {number} of {folder}", (str(folder), number)) for number in numbers]


@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_loses_only_its_job_which_another_repeats(cache):
    import threading

    killed = []

    def kill():
        for _ in range(600):
            if found := list(cache.glob("pid_3_*")):
                pid = int(found[0].name.rsplit("_", 1)[1])
                deadline = time.monotonic() + 60
                while len(list(cache.glob("cache/sweep/*.json"))) < 3 and time.monotonic() < deadline:
                    time.sleep(0.05)        # until the other worker did all else and its answers are kept
                time.sleep(0.5)
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                (cache / "go").touch()
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    with pool.client(workers=2) as workers:
        found = pool.work(workers, jobs(cache, range(1, 6)), square, title="squares")
    killer.join()
    assert killed, "no worker was killed, so nothing was shown"
    names = [name for name, _ in jobs(cache, range(1, 6))]
    assert [found[name].get("square") for name in names] == [1, 4, 9, 16, None]
    assert "ValueError: five is refused" in found[names[4]]["error"]
    runs = {number: len(list(cache.glob(f"pid_{number}_*"))) for number in range(1, 6)}
    assert runs[3] == 2, f"the killed job must run twice, and ran {runs[3]} times"
    assert [runs[number] for number in (1, 2, 4, 5)] == [1, 1, 1, 1], f"only the killed job may run again: {runs}"


@pytest.mark.filterwarnings("ignore")
def test_a_second_sweep_takes_what_the_first_left(cache):
    with pool.client(workers=1) as workers:
        first = pool.work(workers, jobs(cache, [1, 2]), square, title="squares")
        second = pool.work(workers, jobs(cache, [1, 2, 4]), square, title="squares")
    assert {**first, **second} == second and len(second) == 3
    assert len(list(cache.glob("done_1_*"))) == 1
    assert len(list(cache.glob("cache/sweep/*.json"))) == 3


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_workers_come_from_a_batch_system(cache, monkeypatch):
    bin_ = cache / "bin"
    bin_.mkdir()
    for name, text in {"sbatch": 'cp "$1" "$0.script"; setsid sh "$0.script" >/dev/null 2>&1 & echo "Submitted batch job 7"',
                       "scancel": "exit 0"}.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    with pool.client(jobqueue="slurm", workers=1) as workers:
        name = jobs(cache, [6])[0][0]
        assert pool.work(workers, jobs(cache, [6]), square, title="squares")[name] == {"square": 36}
    script = (bin_ / "sbatch.script").read_text()
    assert "#SBATCH" in script and "distributed" in script


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_a_running_scheduler_is_used(cache):
    import distributed

    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        with pool.client(scheduler=cluster.scheduler_address) as workers:
            name = jobs(cache, [7])[0][0]
            assert pool.work(workers, jobs(cache, [7]), square, title="squares")[name] == {"square": 49}


def test_a_damaged_result_is_measured_again(cache):
    name, _ = jobs(cache, [2])[0]
    pool.keep(name).parent.mkdir(parents=True)
    pool.keep(name).write_text("{ cut")
    with pool.client(workers=1) as workers:
        assert pool.work(workers, jobs(cache, [2]), square, title="squares")[name] == {"square": 4}


def run(*arguments):
    """Run the command in this process; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        words = [str(word) for word in arguments]
        main(lambda: sweep.application(words), words)
    return ended.value.code or 0


@pytest.mark.parametrize(("arguments", "complaint"), [
    (["--pes", "0"], "pes must be 1 to 256, not 0"),
    (["--pes", ","], "--pes must have values with commas between"),
    (["--pes", "1", "--objective", "speed"], "--objective must be one of cycles, microseconds, period, not 'speed'"),
    (["--pes", "1", "--objective", "cycles"], "must come with an --image"),
    (["--pes", "1", "--area", "m2"], "--area must be one of"),
    (["--pes", "1", "--scheduler", "tcp://a:1", "--jobqueue", "slurm"], "must not both be given"),
    (["--pes", "1", "--jobqueue", "pbs"], "--jobqueue must be slurm, not 'pbs'"),
    (["--tiles", "1"], "option must be one of --preset, --pes, "),
    (["--skip-empty", "maybe"], "--skip-empty must be on or off, not 'maybe'"),
    (["--pes", "four"], "--pes must be whole numbers with commas between, not 'four'"),
    (["--design", "cpu"], "design must be one of eie, "),
    (["--pes", "1", "--part", "nothing"], "part must be one of"),
])
def test_bad_input_is_one_line(arguments, complaint, tmp_path, capsys):
    assert run(*arguments, "--out", tmp_path / "out") == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert complaint in said[-1] and said[-1].startswith("error: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_a_sweep_of_machines_writes_table_and_plot(tmp_path):
    arguments = ["--preset", "ecp5", "--pes", "1", "--queue-depth", "16,32", "--part", "xc7a100t", "--out", tmp_path / "out"]
    image(tmp_path / "net.npz", preset("ecp5", pes=1))
    assert run(*arguments, "--objective", "cycles", "--image", tmp_path / "net.npz") == 0
    rows = list(csv.DictReader((tmp_path / "out" / "sweep.csv").open()))
    assert [row["queue_depth"] for row in rows] == ["16", "32"]
    assert all(int(row["comb"]) > 500 and int(row["cycles"]) > 0 for row in rows)
    assert json.loads((tmp_path / "out" / "sweep.json").read_text())[0]["dsp"] == 1
    assert (tmp_path / "out" / "pareto.png").read_bytes().startswith(b"\x89PNG")


def image(path, spec):
    """Write an image of one small layer."""
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(12, 10)) * (rng.random((12, 10)) < 0.4)
    dense = path.with_name("dense.npz")
    np.savez(dense, **{"fc.weight": weights.astype(np.float32), "fc.bias": rng.normal(size=12).astype(np.float32)})
    words = [dense, "-o", path, "--preset", "ecp5", "--pes", spec.pes]
    done = leave("compress.build", *words)
    assert done.code == 0, done.err
