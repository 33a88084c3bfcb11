"""A real Slurm of four nodes on this host: the same bytes as without it, whatever breaks on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from gnomon.audit.compare import digests
from gnomon.audit.manifest import manifest_of
from gnomon.pipeline import STEPS

pytestmark = pytest.mark.slurm
ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "tests" / "slurm" / "cluster"
PLUGIN = ROOT / "build" / "slurm-plugin"
CAMPAIGN = {
    "campaign": "toy",
    "instrument": "gnomonsim",
    "slice_jobs": 20,
    "steps": {"simulate_sky": {"recipe": "toy", "seed": 7}, "master_dark": {"min_count": 2}},
}
BIAS, DARK = "calib/gnomonsim/bias.h5", "calib/gnomonsim/dark.h5"
LONGER = "self.next_seconds_between_status_checks + 10,"
HEADS = []
"""Started here, to be ended whatever happens."""
SOON = (
    *("--latency-wait", "20", "--slurm-init-seconds-before-status-checks", "1"),
    *("--seconds-between-status-checks", "1", "--nolock"),
)


def plugin():
    """Folder of the Slurm executor, installed beside the environment: where it is in it, every call pays.

    Between two looks at its jobs it waits ten seconds longer each time that nothing has ended; here one second, as
    jobs are short.
    """
    if not (PLUGIN / "snakemake_executor_plugin_slurm").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        wanted = ["-r", str(ROOT / "envs" / "slurm.txt"), "python-dateutil", "six"]
        if subprocess.run(
            [*pip, "--target", str(PLUGIN), *wanted], capture_output=True, check=False
        ).returncode:
            shutil.rmtree(PLUGIN, ignore_errors=True)
            return None
        code = PLUGIN / "snakemake_executor_plugin_slurm" / "__init__.py"
        code.write_text(code.read_text().replace(LONGER, LONGER.replace("10", "1")))
    return PLUGIN


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    missing = [p for p in ("slurmctld", "slurmd", "sbatch", "munged", "setsid") if not _found(p)]
    if missing or os.geteuid():
        pytest.skip(
            f"a Slurm needs root and {', '.join(missing) or 'nothing else'}: bash .ci/system_packages"
        )
    if plugin() is None:
        pytest.skip("the Slurm executor cannot be installed here: envs/slurm.txt")
    folder = tmp_path_factory.mktemp("cluster")
    before = running(folder.parent)
    done = subprocess.run([CLUSTER, "start", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        subprocess.run([CLUSTER, "stop", folder], check=False)
        pytest.skip(f"no Slurm could be started here: {done.stderr.strip()[-300:]}")
    yield lambda *words: subprocess.run([CLUSTER, words[0], folder, *words[1:]], check=True)
    for started in HEADS:
        started.kill()
    subprocess.run([CLUSTER, "stop", folder], check=True)
    left = running(folder.parent).keys() - before.keys()
    assert not left, f"the cluster, or a job of it, was left running: {running(folder.parent)}"


def running(folder):
    """Processes whose command or environment names a folder: what they are, by process id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            told = (path / "cmdline").read_bytes(), (path / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in b"".join(told):
            found[int(path.name)] = told[0].decode(errors="replace")
    return found


def _found(program):
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def campaign(folder, **options):
    file = folder / "campaign.yaml"
    file.write_text(yaml.safe_dump({**CAMPAIGN, **options, "root": str(folder / "run")}))
    return ["--configfile", str(file), "--runtime-source-cache-path", str(folder / "cache")]


def head(folder, *words, profile="slurm", around=(), **options):
    """Snakemake's head, started."""
    path = f"{ROOT / 'workflow'}:{PLUGIN}" if profile != "local" else str(ROOT / "workflow")
    call = [
        sys.executable,
        "-m",
        "snakemake",
        "--profile",
        f"profiles/{profile}",
        *campaign(folder, **options),
    ]
    call += [*words] if profile == "local" else [*SOON, *words]
    with open(folder / "head.log", "a") as log:
        started = subprocess.Popen(
            [*around, *call], cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=log, stderr=log
        )
    HEADS.append(started)
    return started


def run(folder, *words, seconds=300, **keywords):
    ended(folder, head(folder, *words, **keywords), seconds)


def ended(folder, started, seconds=400):
    """A head has ended well."""
    if started.wait(seconds):
        raise AssertionError((folder / "head.log").read_text()[-5000:])


def products(folder):
    return {p: d for p, d in digests(manifest_of(folder / "run")).items() if not p.startswith("plan/")}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A folder in which the targets were made without a cluster."""
    folder = tmp_path_factory.mktemp("local")
    run(folder, "--cores", "2", "--nolock", "--", str(folder / "run" / DARK), profile="local")
    return folder


def without_masters(local, folder):
    """The same, with the masters still to be made."""
    shutil.copytree(local / "run", folder / "run", copy_function=os.link)
    shutil.rmtree(folder / "run" / "calib")


def until(seen, seconds=60):
    """Wait for something to be seen."""
    for _ in range(10 * seconds):
        if found := seen():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not seen in {seconds} s")


def jobs(state="RUNNING", column="%i"):
    out = subprocess.run(
        ["squeue", "-h", "-t", state, "-o", column], capture_output=True, text=True, check=True
    )
    return out.stdout.split()


def test_a_lost_node_a_restarted_controller_and_a_killed_head_change_no_byte(cluster, local, tmp_path):
    target = ["--", str(tmp_path / "run" / DARK)]
    first = head(tmp_path, *target)
    node = until(lambda: jobs(column="%N"))[0].removeprefix("node")
    cluster("node", node, "kill")
    cluster("controller", "restart")
    first.send_signal(signal.SIGKILL)
    first.wait()
    cluster("node", node, "start")
    until(lambda: not jobs("RUNNING") and not jobs("PENDING") and not jobs("COMPLETING"), 120)
    run(tmp_path, *target)
    assert products(tmp_path) == products(local)


def test_a_job_over_its_memory_asks_for_more(cluster, local, tmp_path):
    """The first attempt, if it has not ended before, is held where it and Snakemake around it have too much.

    The job and what is around it take 390 MB; attempts ask for 290, 380 and 560.
    """
    without_masters(local, tmp_path)
    costs = tmp_path / "costs.json"
    small = {"cpu_s": 3.0, "cpu_s_per_input": 0.0, "mem_mb": 90.0, "mem_mb_per_input": 0.0}
    costs.write_text(json.dumps({"master_bias": {"cost": small}}))
    started = head(tmp_path, "--", str(tmp_path / "run" / BIAS), costs=str(costs))

    def over():
        large = [p for p in scripts("master_bias", tmp_path) if memory_mb(p) > 170]
        again = "Trying to restart job" in (tmp_path / "head.log").read_text()
        if large and not again:
            os.kill(large[0], signal.SIGSTOP)
        return large or again

    until(over)
    ended(tmp_path, started)
    assert "Trying to restart job" in (tmp_path / "head.log").read_text()
    assert products(tmp_path)[BIAS] == products(local)[BIAS]


def test_a_job_over_its_time_asks_for_more(cluster, local, tmp_path):
    """The first attempt hangs; Slurm ends it after the minute that it asked for, the second one asks for two."""
    without_masters(local, tmp_path)
    more = ["--set-resources", "master_bias:runtime=attempt"]
    started = head(tmp_path, *more, "--", str(tmp_path / "run" / BIAS))
    os.kill(until(lambda: scripts("master_bias", tmp_path))[0], signal.SIGSTOP)
    ended(tmp_path, started)
    assert "Trying to restart job" in (tmp_path / "head.log").read_text()
    assert products(tmp_path)[BIAS] == products(local)[BIAS]


def test_a_preempted_job_starts_again(cluster, local, tmp_path):
    """A job that more urgent ones have taken the nodes from goes back into the queue and ends, in the same attempt."""
    without_masters(local, tmp_path)
    started = head(tmp_path, "--", str(tmp_path / "run" / BIAS))
    os.kill(until(lambda: scripts("master_bias", tmp_path))[0], signal.SIGSTOP)
    mine = until(jobs)[0]
    urgent = [
        "sbatch",
        "--wait",
        "-p",
        "urgent",
        "-N",
        "4",
        "--exclusive",
        "--mem=0",
        "-o",
        "/dev/null",
        "--wrap",
        "true",
    ]
    subprocess.run(urgent, check=True, capture_output=True, timeout=60)
    until(lambda: mine in jobs("PENDING"))
    subprocess.run(["scontrol", "update", f"jobid={mine}", "starttime=now"], check=True)  # not in two minutes
    ended(tmp_path, started)
    told = subprocess.run(
        ["scontrol", "show", "job", mine], capture_output=True, text=True, check=True
    ).stdout
    assert "Restarts=1" in told
    assert "Trying to restart job" not in (tmp_path / "head.log").read_text()
    assert products(tmp_path)[BIAS] == products(local)[BIAS]


def scripts(step, folder):
    """Processes that run a step on a folder."""
    return processes(f"scripts/{step}.py", folder)


def processes(word, folder):
    """Python processes with this word in their command, and some word that names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "python" in words[0] and word in words and any(str(folder) in w for w in words):
            found.append(int(path.parent.name))
    return found


def memory_mb(process):
    """Resident memory of a process, 0 where it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The whole campaign, made without a cluster."""
    folder = tmp_path_factory.mktemp("whole")
    run(folder, "--cores", "2", "--nolock", profile="local")
    return folder


def test_the_whole_campaign_in_slices_has_the_bytes_of_the_local_run(cluster, whole, tmp_path):
    """The head is a job of the cluster itself; killed while a slice runs, and started again."""
    words = ["-s", "workflow/campaign.smk", "--set-threads", "slice=2"]
    as_job = ["srun", "-n", "1", "-c", "1", "--mem=1000", "--time=30", "--job-name=head"]
    first = head(tmp_path, *words, around=as_job)
    mark = tmp_path / "run" / "plan" / "done" / "s1-calibrations.lock"
    until(lambda: mark.exists() and "head" in jobs(column="%j"), 120)
    (running_head,) = processes("workflow/campaign.smk", tmp_path)
    os.kill(running_head, signal.SIGKILL)
    first.wait(60)
    ended(tmp_path, head(tmp_path, *words, around=as_job), 1200)
    assert products(tmp_path) == products(whole)


def test_a_coadd_on_four_ranks_has_the_bytes_of_one(cluster, whole, tmp_path):
    shutil.copytree(whole / "run", tmp_path / "run", copy_function=os.link)
    coadd = "coadd/deep/r/00000/000.fits"
    (tmp_path / "run" / coadd).unlink()
    run(tmp_path, "--", str(tmp_path / "run" / coadd), profile="slurm-mpi")
    assert "tasks=4" in (tmp_path / "head.log").read_text()
    assert products(tmp_path)[coadd] == products(whole)[coadd]


def test_ranks_of_one_job_see_each_other_on_two_nodes(cluster):
    code = "from mpi4py import MPI; c = MPI.COMM_WORLD; print(c.allreduce(1), MPI.Get_processor_name())"
    words = ["srun", "--mpi=pmi2", "-N", "2", "-n", "4", sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["4"] * 4


@pytest.mark.skipif(not STEPS["coadd"].mpi, reason="coadds have no ranks yet")
def test_the_profile_for_ranks_is_that_of_a_step_that_has_them():
    profile = yaml.safe_load((ROOT / "profiles" / "slurm-mpi" / "config.yaml").read_text())
    assert set(profile["set-resources"]) == {n for n, s in STEPS.items() if s.mpi}
