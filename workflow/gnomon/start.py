"""How the process of a job begins: as a fork of the campaign's fork server, or from nothing where there is none.

A job from nothing spends 0.6 to 2 CPU s on importing numerical libraries, often more than on its work; a fork spends
0.05 s. Products are the same. Imports little, on purpose.
"""

import gc
import json
import os
import socket
import sys
from contextlib import suppress
from importlib import import_module

SOCKET = "GNOMON_FORKSERVER"
"""Environment variable with the path of the fork server's socket."""
NAME_BYTES = 256
"""Longest name of a step."""


def main(name: str) -> None:
    """Run a step with the arguments of this process."""
    server = None if _shares_its_job(sys.argv) else _connected(os.environ.get(SOCKET, ""))
    if server is None:
        perform(name)
    else:
        raise SystemExit(_asked(server, name))


def perform(name: str) -> None:
    """Run a step in this process."""
    gc.disable()  # imports leave no garbage, and looking for it takes a fifth of their time
    step, cli = import_module(f"gnomon.steps.{name}"), import_module("gnomon.cli")
    gc.freeze()
    gc.enable()
    cli.main(getattr(step, name))


def _shares_its_job(argv: list[str]) -> bool:
    """Whether this is one of several MPI ranks: their launcher knows its own processes only."""
    return "--ranks" in argv and argv[argv.index("--ranks") + 1] != "1"


def _connected(path: str) -> socket.socket | None:
    """Connection with the fork server; None where it is not there, or no more."""
    if not path:
        return None
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(path)
    except OSError:
        server.close()
        return None
    return server


def _asked(server: socket.socket, name: str) -> int:
    """Exit status of a worker that does the job with this process's arguments, folder, environment and output."""
    request = {"argv": sys.argv, "cwd": os.getcwd(), "env": dict(os.environ)}
    status = b""
    with suppress(ConnectionError):
        socket.send_fds(server, [name.ljust(NAME_BYTES).encode()], [1, 2])
        server.sendall(json.dumps(request).encode())
        server.shutdown(socket.SHUT_WR)
        status = server.recv(1)
    if not status:
        sys.stderr.write(f"{name}: the fork server has ended, and its worker with it\n")
        return 1
    return status[0]
