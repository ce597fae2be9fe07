# SPDX-License-Identifier: MIT
# Compiles the libraries, the command and the daemons against musl, and runs Windows source there.
#
#     /usr/bin/python3 tests/abi/musl_compiles.py SOURCE_ROOT BUILD          prints TAP
#
# The libraries that they need are compiled against glibc on this machine, so nothing is linked with
# them; their headers are read behind musl's. Debian: musl-tools.
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import tap

WINDOWS_SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#include <wchar.h>

int wmain(int argc, wchar_t **argv)
{
	wprintf(L"%d %s %lu %I64u %d\n", argc, argv[1], (DWORD)-1, 5ull, (int)sizeof(wchar_t));
	return 0;
}
"""


def run(argv, **more):
    return subprocess.run(argv, text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **more)


def link_headers(work):
    """The machine's headers, but for those that are glibc's own. Gives the compiler's options for them."""
    glibc = set(run(["dpkg-query", "-L", "libc6-dev"]).stdout.splitlines())
    multiarch = run(["gcc", "-print-multiarch"]).stdout.strip()
    options = []
    for place in (pathlib.Path("/usr/include"), pathlib.Path("/usr/include") / multiarch):
        folder = work / f"headers{len(options)}"
        folder.mkdir()
        for path in place.iterdir():
            if str(path) not in glibc:
                (folder / path.name).symlink_to(path)
        options += ["-idirafter", folder]
    # Systems with musl have this header in a package of its own.
    queue = folder / "sys" / "queue.h"
    queue.parent.mkdir()
    queue.symlink_to(next(path for path in glibc if path.endswith("/sys/queue.h")))
    return options


def compile_commands(build, headers):
    """(file, argv) of each source file that is no test's."""
    seen = set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = entry["file"]
        if path in seen or path.split("/")[1] not in ("src", "cmd", "compat"):
            continue
        seen.add(path)
        # Without the compiler and the output, which is named behind the options of its dependencies.
        options = shlex.split(entry["command"])
        options = options[next(i for i, o in enumerate(options) if o.startswith("-")):options.index("-MD")]
        yield path, ["musl-gcc", *options, *headers, "-fsyntax-only", path]


def run_windows_source(root, work):
    """What Windows source prints that is compiled and linked with compat/msvc and musl alone."""
    (work / "program.c").write_text(WINDOWS_SOURCE)
    archive = [str(path) for path in sorted((root / "compat/msvc").glob("*.c"))]
    objects = work / "objects"
    objects.mkdir()
    made = run(["musl-gcc", "-std=gnu17", "-D_GNU_SOURCE", "-DNETAPI32_CRT_BUILD", f"-I{root}/include/netapi32",
                "-c", *archive], cwd=objects)
    if made.returncode == 0:
        made = run(["musl-gcc", "-static", "-fshort-wchar", "-DNETAPI32_MSVC", "-Wall", "-Werror",
                    f"-I{root}/compat/msvc/include", f"-I{root}/include/netapi32", work / "program.c",
                    *objects.glob("*.o"), "-o", work / "program"])
    return run([work / "program", "häuser"]).stdout if made.returncode == 0 else made.stdout


def main(root, build, work):
    if shutil.which("musl-gcc") is None:
        tap.skip_all("needs musl-gcc: Debian package musl-tools")
    commands = list(compile_commands(build, link_headers(work)))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        told = list(pool.map(lambda command: run(command[1], cwd=build).stdout, commands))
    results = []
    for part in ("src", "cmd", "compat"):
        files = [(path, output) for (path, _), output in zip(commands, told) if path.split("/")[1] == part]
        results.append((f"all {part}/**/*.c compile without a warning",
                        [output for _, output in files if output] if files else ["no file was compiled"]))
    printed = run_windows_source(root, work)
    results.append(("Windows source runs with wchar_t of 16 bits",
                    [] if printed == "2 häuser 4294967295 5 2\n" else [printed]))
    return results


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: musl_compiles.py SOURCE_ROOT BUILD")
    with tempfile.TemporaryDirectory(prefix="netsession-musl-") as directory:
        outcome = main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), pathlib.Path(directory))
    sys.exit(tap.report(outcome))
