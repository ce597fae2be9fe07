#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the #includes of the source tree to the layers. Prints TAP. Argument: the source root."""
import pathlib
import re
import sys

# Each folder, and the folders of ours whose headers it may include beside its own. A layer that
# is not named here must not exist.
MAY_INCLUDE = {
    "base": [],
    "wire": ["base"],
    "crypto": ["base"],
    "cli": ["base", "terminal"],
    "terminal": ["base"],
    "sessions": ["base"],
    "local": ["base", "wire", "sessions"],
    "auth": ["base", "wire", "crypto"],
    "rpc": ["base", "wire"],
    "smb2": ["base", "wire", "crypto", "auth"],
    "srvsvc": ["base", "wire", "rpc", "auth", "sessions"],
    "net": ["base"],
    "system": ["base"],
    "client": ["base", "wire", "local", "srvsvc", "rpc", "crypto", "auth", "smb2", "net"],
    "fleet": ["base", "wire", "client", "crypto", "net"],
    "store": ["base", "sessions"],
    "netapi": ["base", "srvsvc"],
    "smb2_server": ["base", "wire", "crypto", "smb2", "auth"],
    "daemon": ["base", "wire", "crypto", "cli", "terminal", "sessions", "local", "auth", "rpc", "smb2", "srvsvc", "net", "system",
               "smb2_server"],
    "samba": ["base", "net", "system", "samba/relay", "samba/smbstatus", "samba/socket_dir"],
    "samba/relay": ["base", "wire", "sessions", "auth", "rpc", "srvsvc"],
    "samba/smbstatus": ["base", "sessions", "net"],
    "samba/socket_dir": ["base", "net", "system"],
    "samba/setup": ["base", "cli", "terminal", "net", "system", "samba", "samba/smbstatus", "samba/socket_dir"],
}

# A library's headers, and the places that may include them.
ONLY_INCLUDER = {
    r"openssl/": ("src/crypto",),
    r"gssapi": ("src/auth",),
    r"uv\.h": ("src/net",),
    r"uni(str|case|norm)\.h": ("src/base", "src/terminal"),
    r"jansson\.h": ("cmd", "src/daemon", "src/samba"),
    r"ini\.h": ("src/daemon",),
    r"(sqlite3|libpq-fe)\.h": ("src/store",),
    r"systemd/": ("src/system",),
    r"(ldap|lber)\.h": ("src/fleet",),
}

# What a program may include of src.
COMMAND_MAY_INCLUDE = {
    "netsession": ["base/err.h", "base/escape.h", "base/locale.h", "base/watched_memory.h", "srvsvc/session_levels.h",
                   "sessions/tracker.h", "cli/cli.h", "client/server_operand.h", "fleet/outcome.h", "fleet/sweep.h",
                   "fleet/target_list.h", "net/local_text.h",
                   "samba/status_socket.h", "terminal/password_prompt.h",
                   "terminal/terminal.h"],
    "netsession-fleet": ["base/ascii.h", "base/client_name.h", "base/err.h", "base/escape.h", "base/growing.h", "base/ip_address.h",
                         "base/locale.h", "base/text.h", "base/user_name.h", "client/server_name.h", "client/server_operand.h",
                         "fleet/directory.h", "fleet/outcome.h", "fleet/reverse_lookup.h", "fleet/sweep.h",
                         "fleet/target_list.h", "net/work.h", "sessions/snapshot.h", "store/account.h", "store/database.h", "store/history_store.h",
                         "store/merge_store.h", "store/prune_store.h",
                         "store/report_store.h", "store/status_store.h", "store/sweep_queue.h", "store/sweep_store.h",
                         "system/sandbox.h", "terminal/terminal.h"],
    "netsessiond": ["daemon/command_line.h"],
    "netsession-samba": ["samba/setup/command_line.h"],
    "netsession-wine": ["base/err.h", "base/locale.h", "cli/cli.h", "terminal/terminal.h", "wire/reader.h"],
}

# What would be I/O or a clock in a layer that has to be tested without either.
PURE = ["base", "wire", "crypto", "cli", "sessions", "local", "rpc", "smb2", "srvsvc", "smb2_server", "samba/relay"]
PURE_FILES = ["auth/spnego/*", "auth/identity.*", "auth/access_policy.*", "net/admission.*"]
IMPURE_HEADERS = re.compile(
    r"^((sys/socket|sys/poll|poll|netdb|netinet/.*|unistd|fcntl|time|sys/time|pthread|threads)\.h|gssapi.*|krb5.*)$")

# A part of a layer that knows nothing of the rest of it but these headers.
PARTS = {"auth/spnego": ["auth/mechanisms.h"]}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)


def includes(path):
    return [(kind == '"', name) for kind, name in INCLUDE.findall(path.read_text())]


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h"))


def layer_of(name):
    """The layer of a path below src: the longest folder of it that is one; "" where none is."""
    folder = name.rpartition("/")[0]
    while folder and folder not in MAY_INCLUDE:
        folder = folder.rpartition("/")[0]
    return folder


def layer_sources(root, layer):
    """The sources of a layer, without those of the layers in its sub-folders."""
    return [path for path in sources(root / "src" / layer) if layer_of(str(path.relative_to(root / "src"))) == layer]


def layer_problems(root, layer):
    allowed = set(MAY_INCLUDE[layer]) | {layer}
    for path in layer_sources(root, layer):
        for quoted, name in includes(path):
            if quoted and layer_of(name) not in allowed:
                yield f"{path.relative_to(root)} includes {name}"
            if quoted and name == "net/uv.h" and layer != "net":
                yield f"{path.relative_to(root)} includes {name}, which is net's own"


def in_one_of(relative, places):
    return any(relative.startswith(place + "/") for place in places)


def includer_problems(root, pattern, places):
    for path in sources(root / "src") + sources(root / "cmd") + sources(root / "compat"):
        relative = str(path.relative_to(root))
        for _, name in includes(path):
            if re.match(pattern, name) and not in_one_of(relative, places):
                yield f"{relative} includes <{name}>"


def command_problems(root):
    for path in sources(root / "cmd"):
        for quoted, name in includes(path):
            if quoted and "/" in name and name not in COMMAND_MAY_INCLUDE[path.parent.name]:
                yield f"{path.relative_to(root)} includes {name}"


def compat_problems(root):
    """compat/ lives beside the libraries, not in them: it has their public headers by <>, its own by ""."""
    for path in sources(root / "compat"):
        for quoted, name in includes(path):
            if quoted and not (path.parent / name).resolve().is_relative_to(root.resolve() / "compat"):
                yield f"{path.relative_to(root)} includes {name}"
            if quoted and not (path.parent / name).exists():
                yield f"{path.relative_to(root)} includes {name}, which is not beside it"
            if not quoted and layer_of(name) != "":
                yield f"{path.relative_to(root)} includes <{name}>"


def purity_problems(root, layer):
    for path in layer_sources(root, layer):
        for quoted, name in includes(path):
            if not quoted and IMPURE_HEADERS.match(name):
                yield f"{path.relative_to(root)} includes <{name}>"


def impure_files(root, pattern):
    for path in sorted((root / "src").glob(pattern)):
        for quoted, name in includes(path) if path.suffix in (".c", ".h") else []:
            if not quoted and IMPURE_HEADERS.match(name):
                yield f"{path.relative_to(root)} includes <{name}>"


def part_problems(root, part):
    """A part of a layer includes its own headers, those of lower layers, and of the rest of its layer what is named."""
    layer = part.split("/")[0]
    for path in sources(root / "src" / part):
        for quoted, name in includes(path):
            if quoted and name.startswith(layer + "/") and not name.startswith(part + "/") and name not in PARTS[part]:
                yield f"{path.relative_to(root)} includes {name}"


def unknown_layers(root):
    for path in sources(root / "src"):
        relative = str(path.relative_to(root / "src"))
        if layer_of(relative) == "":
            yield f"src/{relative} is in no layer"


# memcpy(at, &number, 4), put(w, &number, 4)
NATIVE_BYTES = re.compile(r", &\w+, [248]\)")


def native_integers(root):
    """Integers as this machine has them in memory, where a message's bytes are meant."""
    for folder in ("src", "cmd", "tests/unit", "tests/fixtures", "fuzz"):
        for path in sources(root / folder):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if NATIVE_BYTES.search(line):
                    yield f"{path.relative_to(root)}:{number} copies a number's own bytes"


def missing_files(root):
    """The files that docs/SPECS.md names and that do not exist. A bare name is beside the one before it."""
    for number, line in enumerate((root / "docs" / "SPECS.md").read_text().splitlines(), 1):
        folder = None
        for name in re.findall(r"`([^`]+\.(?:c|h|py)|[^`]+/)`", line.split("|")[3] if line.count("|") > 3 else ""):
            path = name if "/" in name else f"{folder}/{name}"
            folder = path.rpartition("/")[0]
            if not any(root.glob(path.rstrip("/"))):
                yield f"docs/SPECS.md:{number} names {path}"


def circles(root):
    """The layers that reach themselves by what they may include."""
    def reaches(start, layer, seen):
        return any(n == start or (n not in seen and reaches(start, n, seen | {n}))
                   for n in MAY_INCLUDE[layer])
    return [f"{layer} reaches itself" for layer in MAY_INCLUDE if reaches(layer, layer, set())]


def main():
    root = pathlib.Path(sys.argv[1])
    results = [("every folder of src is a layer", list(unknown_layers(root))),
               ("the layers have no circle", circles(root)),
               ("programs include public headers, and of src what is named for them",
                list(command_problems(root))),
               ("docs/SPECS.md names files that exist", list(missing_files(root))),
               ("compat includes public headers and its own only", list(compat_problems(root))),
               ("the order of bytes in a message is never the machine's", list(native_integers(root)))]
    results += [(f"{layer} includes only the layers below it", list(layer_problems(root, layer)))
                for layer in MAY_INCLUDE]
    results += [(f"only {' and '.join(places)} includes {pattern}",
                 list(includer_problems(root, pattern, places)))
                for pattern, places in ONLY_INCLUDER.items()]
    results += [(f"{part} knows of its layer only what is named", list(part_problems(root, part))) for part in PARTS]
    results += [(f"{layer} does no I/O and knows no clock", list(purity_problems(root, layer)))
                for layer in PURE]
    results += [(f"{pattern} does no I/O and knows no clock", list(impure_files(root, pattern)))
                for pattern in PURE_FILES]
    print(f"1..{len(results)}")
    for number, (sentence, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {sentence}")
        for problem in problems:
            print(f"# {problem}")
    return any(problems for _, problems in results)


if __name__ == "__main__":
    sys.exit(main())
