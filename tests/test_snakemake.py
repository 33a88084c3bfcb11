"""What the workflow takes from inside Snakemake, where a newer one may have it otherwise."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SWITCH = "workflow.scheduler.job_rate_limiter = None"
SNAKEFILE = f"""
onstart:
    assert workflow.local_exec, "workflow.local_exec no longer tells that jobs run on this machine"
    limiter = getattr(workflow.scheduler, "job_rate_limiter", None)
    assert limiter is not None, "the scheduler keeps its limit of jobs a second elsewhere"
    assert hasattr(limiter, "get_free_jobs"), "the limit of jobs a second is another thing now"
    {SWITCH}
    limiter.get_free_jobs = None  # whoever asks it now crashes

rule all:
    input: expand("{{n}}.txt", n=range(3))

rule one:
    output: "{{n}}.txt"
    shell: "echo {{wildcards.n}} > {{output}}"
"""


def test_jobs_of_this_machine_run_without_a_limit_of_jobs_a_second(tmp_path):
    """The Snakefile switches the limit off (docs/running.md says what it costs); where Snakemake no longer has it as it
    had, the assertion that fails says what to look at."""
    assert SWITCH in (ROOT / "Snakefile").read_text()
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    words = ["--cores", "1", "--scheduler", "greedy", "--quiet", "progress"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(p.name for p in tmp_path.glob("*.txt")) == ["0.txt", "1.txt", "2.txt"]
