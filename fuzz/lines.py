# SPDX-License-Identifier: MIT
"""Counts the lines of src that the corpora reach, by folder and by file."""
import collections
import fnmatch
import json
import os
import subprocess

import build
from build import OUT, ROOT

ENOUGH = 0.95

# Sources that no target runs, and why.
EXCLUDED = {
    "net/[!a]*": "libuv: sockets, timers, threads and programs",
    "system/*": "the system's log, users and sandboxes",
    "cli/*": "the command line of the program's own user",
    "auth/acceptor*": "GSSAPI", "auth/context.*": "GSSAPI", "auth/identify.*": "GSSAPI", "auth/initiator.*": "GSSAPI",
    "auth/protection.*": "GSSAPI", "auth/mechanism_*": "GSSAPI and its files", "auth/mechanisms.*": "constants of GSSAPI",
    "auth/keytab.*": "krb5, and files of root", "auth/ticket_cache.*": "krb5, and files of the user",
    "auth/ntlm_environment.*": "the environment",
    "base/locale.*": "the C library's locales",
    "client/authentication.*": "GSSAPI on threads", "client/call.*": "sockets", "client/connection*": "sockets",
    "client/diagnose.*": "sockets", "client/environment.*": "the environment", "client/local_query.*": "sockets",
    "client/log_on_failure.*": "the clock", "client/netbios_lookup.*": "sockets", "client/netsession.*": "sockets",
    "client/probe.*": "sockets", "client/publisher.*": "sockets", "client/resolve.*": "the resolver",
    "daemon/audit.*": "files", "daemon/command_line.*": "the command line", "daemon/config_describe.*": "prints tables",
    "daemon/daemon.*": "sockets and signals", "daemon/demo*": "made-up sessions", "daemon/endpoints.*": "sockets",
    "daemon/local_endpoint.*": "sockets", "daemon/local_identity.*": "users of the system, on threads",
    "daemon/log_on_queue.*": "timers", "daemon/publish_endpoint.*": "sockets", "daemon/settings.*": "files and GSSAPI",
    "daemon/smb_*": "sockets; smb2_server is what reads their bytes",
    "samba/[!rs]*": "sockets and programs", "samba/relay_endpoint.*": "sockets", "samba/smbcontrol.*": "programs",
    "samba/status_socket.*": "sockets", "samba/setup/[!s]*": "programs of Samba's", "samba/setup/status.*": "sockets",
    "samba/smbstatus/smbstatus.*": "programs of Samba's", "samba/smbstatus/process_start.*": "/proc",
    "samba/socket_dir/[!p]*": "folders", "samba/socket_dir/pipe_query.*": "programs of Samba's",
}

# Files that are reached less than ENOUGH, and what is missing.
REASONS = {
}


def excluded(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in EXCLUDED)


def export(programs):
    """Runs each target over its corpus. Returns (lines reached, lines) of each file below src, and writes report.txt."""
    out = OUT / "lines"
    for target, program in programs.items():
        subprocess.run([program, "-runs=0", OUT / "corpus" / target], capture_output=True,
                       env=dict(os.environ, LLVM_PROFILE_FILE=str(out / f"{target}.profraw")))
    subprocess.run(["llvm-profdata", "merge", "-o", out / "all.profdata", *(out / f"{t}.profraw" for t in programs)],
                   check=True)
    # Also the files that no target links.
    objects = [build.object_of(source, "lines") for source in build.engine_sources()]
    arguments = [*programs.values()][:1] + [word for path in objects for word in ("-object", path)] + \
        [f"-instr-profile={out / 'all.profdata'}", ROOT / "src"]
    with open(out / "report.txt", "w") as report:
        subprocess.run(["llvm-cov", "show", *arguments], stdout=report, check=True)
    table = subprocess.run(["llvm-cov", "export", "-summary-only", *arguments], check=True, capture_output=True,
                           text=True).stdout
    counts = {}
    for file in json.loads(table)["data"][0]["files"]:
        count = file["summary"]["lines"]
        if count["count"] > 0:
            counts[os.path.relpath(file["filename"], ROOT / "src")] = count["covered"], count["count"]
    return counts


def report(targets, jobs):
    """Prints the table. Returns whether each file is reached enough or has a reason."""
    counts = export(build.with_line_counters(targets, jobs))
    folders = collections.defaultdict(list)
    for name, count in counts.items():
        if not excluded(name):
            folders[os.path.dirname(name)].append(count)
    print(f"{'folder':16} {'lines':>6} {'reached':>8}")
    for name, files in [*sorted(folders.items()), ("in all", sum(folders.values(), []))]:
        covered, lines = (sum(column) for column in zip(*files))
        print(f"{name:16} {lines:6} {covered / lines:8.1%}")
    is_good = True
    for name, (covered, lines) in sorted(counts.items()):
        if excluded(name) or covered >= ENOUGH * lines:
            continue
        is_good = is_good and name in REASONS
        print(f"{name}: {covered} of {lines} lines; {REASONS.get(name, 'no reason is known')}")
    print(f"line by line: {(OUT / 'lines/report.txt').relative_to(ROOT)}")
    return is_good
