"""Jobs that begin as forks: like processes of their own to whoever started them, and none stays behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from gnomon.start import SOCKET

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")


@contextmanager
def serving(folder):
    """A fork server, and the environment of those that ask it."""
    (folder / "server").mkdir()
    path = folder / "server" / "socket"
    command = [sys.executable, "-m", "gnomon.forkserver", path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=env())
    until(path.exists)
    yield process, env(path)
    process.stdin.close()
    process.wait(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("forks")) as started:
        yield started


@pytest.fixture
def mortal(tmp_path):
    with serving(tmp_path) as started:
        yield started


def env(path=None):
    told = {k: v for k, v in os.environ.items() if k != SOCKET}
    return {**told, "PYTHONPATH": str(ROOT / "workflow"), **({SOCKET: str(path)} if path else {})}


def until(seen):
    for _ in range(1000):
        if found := seen():
            return found
        time.sleep(0.01)
    raise AssertionError("not seen in 10 s")


def job(environment, *words, **keywords):
    command = [sys.executable, str(ROOT / "scripts" / "master_bias.py"), *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **keywords
    )


def waiting(server, folder):
    """A job that reads from a pipe into which nobody writes, and its worker's number."""
    os.mkfifo(folder / "pipe")
    words = [
        "--instrument-name",
        "x",
        "--instrument",
        str(folder / "pipe"),
        "--out-bias",
        str(folder / "out"),
    ]
    asked = job(server[1], *words)
    return asked, int(until(lambda: workers(server[0]))[0])


def workers(process):
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def ended(number):
    return not Path(f"/proc/{number}").exists()


def test_output_status_and_folder_are_those_of_the_job(server, tmp_path):
    _, environment = server
    helped = job(environment, "--help", cwd=tmp_path)
    assert "usage: master_bias" in helped.communicate()[0]
    assert helped.returncode == 0
    refused = job(environment, "--nothing")
    assert "required" in refused.communicate()[1]
    assert refused.returncode == 2


def test_without_a_server_a_job_begins_by_itself(tmp_path):
    assert "usage: master_bias" in job(env(tmp_path / "nobody"), "--help").communicate()[0]


def test_a_killed_worker_is_a_failed_job(server, tmp_path):
    asked, worker = waiting(server, tmp_path)
    os.kill(worker, signal.SIGKILL)
    asked.communicate()
    assert asked.returncode == 128 + signal.SIGKILL


def test_a_killed_job_takes_its_worker_along(server, tmp_path):
    asked, worker = waiting(server, tmp_path)
    asked.kill()
    asked.communicate()
    until(lambda: ended(worker))
    assert "usage" in job(server[1], "--help").communicate()[0]


def test_no_worker_outlives_a_killed_server(mortal, tmp_path):
    asked, worker = waiting(mortal, tmp_path)
    mortal[0].kill()
    assert "has ended" in asked.communicate()[1]
    assert asked.returncode == 1
    until(lambda: ended(worker))


def test_the_server_ends_with_whom_it_serves(mortal, tmp_path):
    asked, worker = waiting(mortal, tmp_path)
    mortal[0].stdin.close()
    asked.communicate()
    until(lambda: ended(worker))
    assert mortal[0].wait(10) == 0


def test_a_folder_that_holds_anything_else_stays(tmp_path):
    (tmp_path / "mine").write_text("kept")
    command = [sys.executable, "-m", "gnomon.forkserver", "socket"]
    subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, env=env(), check=True)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
