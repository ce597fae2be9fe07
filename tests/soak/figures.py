"""What a daemon uses, taken at quiet moments, when it has the same sessions each time."""
import dataclasses
import os
import pathlib
import re
import time


@dataclasses.dataclass
class Figures:
    """Of one daemon at one moment."""
    at_s: float
    pid: int
    resident_kib: int
    descriptors: int
    threads: int
    sessions: int
    reloads: int

    @classmethod
    def taken(cls, pid, began_at, sessions, reloads):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        resident, threads = (int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1]) for name in ("VmRSS", "Threads"))
        return cls(time.monotonic() - began_at, pid, resident, len(os.listdir(f"/proc/{pid}/fd")), threads, sessions, reloads)


def table(name, taken):
    lines = [f"{name} at quiet moments:",
             f"{'time s':>8} {'pid':>8} {'memory KiB':>11} {'descriptors':>12} {'threads':>8} {'sessions':>9} {'reloads':>8}"]
    lines += [f"{f.at_s:8.0f} {f.pid:8} {f.resident_kib:11,} {f.descriptors:12} {f.threads:8} {f.sessions:9} {f.reloads:8}"
              for f in taken]
    return "\n".join(lines)


def last_life(taken):
    """Those of the process that ran to the end."""
    return [figures for figures in taken if figures.pid == taken[-1].pid]
