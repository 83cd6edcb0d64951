"""Who holds a claim: a name for this process that another process on any machine can check."""

import json
import os
import socket
from functools import cache

import psutil

CLOCK_TOLERANCE = 2.0
"""Seconds by which a process's start time may be reported differently."""


@cache
def _identity_of(pid: int) -> str:
    return json.dumps([socket.gethostname(), pid, psutil.Process(pid).create_time()])


def identity() -> str:
    """Name this process: host, pid and start time (which also tells one boot from the next)."""
    return _identity_of(os.getpid())


def may_be_alive(owner: str) -> bool:
    """Tell whether the process of that name may still run; on another host it can't be known, so it may."""
    host, pid, started = json.loads(owner)
    if host != socket.gethostname():
        return True
    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return not ended and abs(process.create_time() - float(started)) < CLOCK_TOLERANCE
    except psutil.NoSuchProcess:
        return False
