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
    "net/[!a]*": "libuv: sockets, timers, threads and programs", "net/address.*": "the system's resolver",
    "system/*": "the system's log, users and sandboxes", "terminal/*": "a terminal", "cli/*": "the user's command line",
    "auth/acceptor*": "GSSAPI", "auth/context.*": "GSSAPI", "auth/identify.*": "GSSAPI", "auth/initiator.*": "GSSAPI",
    "auth/protection.*": "GSSAPI", "auth/mechanism_*": "GSSAPI and its files",
    "auth/mechanisms.*": "constants of GSSAPI",
    "auth/keytab.*": "krb5, and files of root", "auth/ticket_cache.*": "krb5, and files of the user",
    "auth/ntlm_environment.*": "the environment", "base/locale.*": "the C library's locales",
    "base/watched_memory.*": "memory that runs out",
    "client/authentication.*": "GSSAPI on threads", "client/call.*": "sockets", "client/connection*": "sockets",
    "client/diagnose.*": "sockets", "client/idle_loops.*": "loops and threads",
    "client/environment.*": "the environment", "client/local_query.*": "sockets",
    "client/log_on_failure.*": "the clock", "client/netbios_lookup.*": "sockets", "client/netsession.*": "sockets",
    "client/probe.*": "sockets", "client/publisher.*": "sockets", "client/resolve.*": "the resolver",
    "daemon/audit.*": "files", "daemon/account_usage.*": "turns on the loop",
    "daemon/command_line.*": "the command line",
    "daemon/config_describe.*": "prints a table",
    "daemon/confinement.*": "the kernel's sandboxes", "daemon/counters.*": "numbers of the process",
    "daemon/daemon.*": "sockets and signals", "daemon/demo*": "made-up sessions", "daemon/endpoints.*": "sockets",
    "daemon/local_endpoint.*": "sockets", "daemon/local_identity.*": "users of the system, on threads",
    "daemon/log_on_queue.*": "timers", "daemon/nt_hash.*": "a terminal", "daemon/publish_endpoint.*": "sockets",
    "daemon/settings.*": "files and GSSAPI", "daemon/smb_*": "sockets; smb2_server reads their bytes",
    "samba/daemon.*": "sockets and programs", "samba/installation.*": "programs of Samba's",
    "samba/publisher*": "sockets and programs", "samba/relay_endpoint.*": "sockets", "samba/smbcontrol.*": "programs",
    "samba/status_socket.*": "sockets", "samba/setup/[!s]*": "programs of Samba's", "samba/setup/status.*": "sockets",
    "samba/smbstatus/process_start.*": "/proc", "samba/smbstatus/smbstatus.*": "programs of Samba's",
    "samba/smbstatus/poll_plan.*": "the clock, and no input",
    "samba/socket_dir/[!p]*": "folders", "samba/socket_dir/pipe_query.*": "programs of Samba's",
}

# Files that are reached less than ENOUGH, and what is missing.
MEMORY = "memory or OpenSSL fails"
REASONS = {
    "auth/access_policy.c": MEMORY, "auth/identity.c": MEMORY + "; names for the audit log",
    "auth/accounts.c": "what is lent to GSSAPI; " + MEMORY,
    "auth/credentials.c": "GSSAPI's half of the file; " + MEMORY,
    "auth/guesses.c": "a full table: tests/unit/auth/test_guesses.c", "auth/secret_file.c": "files that cannot be read",
    "base/ascii.h": "used by the command line and credentials", "base/err.c": "errno",
    "base/text.c": MEMORY, "base/escape.c": MEMORY,
    "client/error_message.c": "texts longer than any server sends",
    "client/request.c": "lists for a deletion, over several calls: tests/unit/client",
    "client/state.c": MEMORY + "; accessors",
    "client/transport_smb2.c": "what smb2 has refused before", "crypto/crypto.c": MEMORY,
    "crypto/secret.c": MEMORY,
    "daemon/config.c": "files that cannot be read",
    "daemon/publisher.c": "timers and pauses: tests/unit/daemon; " + MEMORY,
    "daemon/refresh.c": "timers: tests/unit/daemon/test_refresh.c", "local/publish_message.c": "the client's sizes",
    "local/publish_outbox.c": MEMORY, "rpc/client_association.c": MEMORY + "; responses of 512 MiB",
    "rpc/server.c": MEMORY + "; callers that log on to an interface which wants protection: tests/unit/rpc",
    "rpc/server.h": "the host's one line", "samba/relay/pipe.c": MEMORY, "samba/relay/relay.c": MEMORY,
    "samba/relay/session_cache.c": MEMORY + "; what the publisher asks",
    "samba/setup/smb_conf_file.c": "writes files: tests/e2e/test_samba_setup.py",
    "samba/smbstatus/peer_ports.c": "a socket of the kernel",
    "samba/smbstatus/smbstatus_parse.c": MEMORY + "; users of the system",
    "samba/smbstatus/tracker.c": MEMORY,
    "sessions/key_map.c": MEMORY, "sessions/session_order.c": "many sessions: tests/unit/sessions",
    "sessions/session_table.c": MEMORY + "; 4,294,967,295 ids: tests/unit/sessions", "sessions/session_texts.c": MEMORY,
    "sessions/snapshot.c": MEMORY, "sessions/text_pool.c": MEMORY,
    "sessions/tracker.c": MEMORY + "; lists that are not whole",
    "smb2/client_connection.c": MEMORY, "smb2/header.c": "names for messages",
    "smb2/negotiate_check.c": "the client's own sizes",
    "smb2_server/negotiate.c": MEMORY, "smb2_server/response.c": MEMORY,
    "smb2_server/pending.c": MEMORY, "smb2_server/sessions.c": "tags of the host; " + MEMORY,
    "srvsvc/server.c": "sessions that end with a deleted one: fuzz/interfaces.c", "srvsvc/session_messages.c": MEMORY,
    "srvsvc/service.c": "limits of accounts: tests/unit/srvsvc", "wire/ndr_writer.c": MEMORY,
    "srvsvc/session_levels.c": "the Windows face's copy",
}


def excluded(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in EXCLUDED)


def export(programs):
    """Runs each target over its corpus, and writes report.txt. Returns (lines reached, lines) of each file
    below src."""
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
        if excluded(name):
            continue
        if covered >= ENOUGH * lines:
            if name in REASONS and covered == lines:
                print(f"{name}: {covered} of {lines} lines; drop its reason in fuzz/lines.py")
            continue
        is_good = is_good and name in REASONS
        print(f"{name}: {covered} of {lines} lines; {REASONS.get(name, 'no reason is known')}")
    print(f"line by line: {(OUT / 'lines/report.txt').relative_to(ROOT)}")
    return is_good
