"""A process that has imported what steps need, and forks a worker for each job that asks (``start``).

``python -m gnomon.forkserver SOCKET`` serves until its standard input ends, that is until the process that started it
does, however it ends: then no worker stays behind. A worker is killed when the job that asked for it is. What a
worker does is seen by no other: each is a fork of a process that has imported and nothing else.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from gnomon.start import NAME_BYTES, perform

_ALWAYS = ("cli", "io.catalogs", "io.fits_hdus", "io.refcat")
"""Modules that most steps read and write with."""
_PDEATHSIG = 1  # of prctl(2)


@dataclass(frozen=True, slots=True)
class Worker:
    """A job that runs."""

    pid: int
    client: socket.socket
    """Who asked for it."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is to do."""

    step: str
    client: socket.socket
    outputs: list[int]
    """File descriptors for standard output and error."""


class Server:
    """Workers and who waits for them, by file descriptor."""

    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1024)
        self.poll = select.poll()
        self.poll.register(0, select.POLLIN | select.POLLHUP)
        self.poll.register(self.listener, select.POLLIN)
        self.by_end: dict[int, Worker] = {}
        self.by_client: dict[int, Worker] = {}

    def serve(self) -> Task | None:
        """Fork a worker for each request until standard input ends; returns a task in a worker, None in the server."""
        while True:
            fd = self.poll.poll()[0][0]
            if fd == 0:
                for worker in self.by_end.values():
                    os.kill(worker.pid, signal.SIGKILL)
                return None
            if fd == self.listener.fileno():
                task = _accepted(self.listener)
                pid = os.fork()
                if not pid:
                    return task
                self.watch(pid, task)
            elif fd in self.by_end:
                self.tell(fd)
            else:  # a client has hung up
                self.poll.unregister(fd)
                os.kill(self.by_client.pop(fd).pid, signal.SIGKILL)

    def watch(self, pid: int, task: Task) -> None:
        """Wait for a worker's end, and for its client's."""
        for output in task.outputs:
            os.close(output)
        end = os.pidfd_open(pid)
        self.by_end[end] = self.by_client[task.client.fileno()] = Worker(pid, task.client)
        self.poll.register(end, select.POLLIN)
        self.poll.register(task.client, 0)  # hanging up is always told

    def tell(self, end: int) -> None:
        """Tell a client how its worker ended, as a shell would."""
        worker = self.by_end.pop(end)
        status = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        self.poll.unregister(end)
        os.close(end)
        if self.by_client.pop(worker.client.fileno(), None):
            self.poll.unregister(worker.client)
            with suppress(OSError):  # it hangs up this moment
                worker.client.send(bytes([status if status >= 0 else 128 - status]))
        worker.client.close()


def _accepted(listener: socket.socket) -> Task:
    """The next request; its step is imported here, once for all its jobs."""
    client, _ = listener.accept()
    name, outputs, _, _ = socket.recv_fds(client, NAME_BYTES, 2, socket.MSG_WAITALL)
    step = name.decode().strip()
    for module in (*_ALWAYS, f"steps.{step}"):
        import_module(f"gnomon.{module}")
    gc.freeze()  # the collector leaves alone what all workers share
    return Task(step, client, outputs)


def _work(task: Task) -> None:
    """Become the process that asked, and do its job."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)  # no worker outlives the server
    with task.client, task.client.makefile("rb") as asked:
        request = json.load(asked)
    for target, output in enumerate(task.outputs, 1):
        os.dup2(output, target)
        os.close(output)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["argv"]
    perform(task.step)


def main() -> None:
    """Serve; a worker returns from it into its job."""
    parser = ArgumentParser(prog="gnomon.forkserver", description=__doc__)
    parser.add_argument("socket", type=Path, help="path of the socket to listen at, in a folder of its own")
    path = parser.parse_args().socket
    task = Server(str(path)).serve()
    if task is None:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # a folder that holds anything else is not ours to remove
            path.parent.rmdir()
        return
    _work(task)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # without taking down, object by object, what was imported


if __name__ == "__main__":
    main()
