# SPDX-License-Identifier: MIT
# Compiles our Windows headers in every dialect: each alone, all in any order, and as programs use
# them; with and without -fshort-wchar and UNICODE; with no warning.
#
#     /usr/bin/python3 tests/abi/headers_compile.py SOURCE_ROOT          prints TAP
#
# Debian: gcc, g++, libc6-dev, clang; one of gcc and clang is enough.
import concurrent.futures
import itertools
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import tap

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wconversion", "-Werror"]
LANGUAGES = {  # suffix: (compilers, dialects; the first is the one that orders are tried in)
    "c": (("gcc", "clang"), ("gnu17", "gnu90", "c99", "c11", "c17", "c2x")),
    "cc": (("g++", "clang++"), ("gnu++17", "c++98", "c++11", "c++14", "c++17", "c++20")),
}
MODES = (  # (flags, whether each header is tried alone too: twice will do, in half the time)
    ([], True),
    (["-fshort-wchar"], False),
    (["-DUNICODE"], False),
    (["-fshort-wchar", "-DUNICODE"], True),
)
SYSTEM = ["stdlib.h", "stdint.h", "stdio.h", "string.h", "wchar.h", "uchar.h"]


def write(work, name, headers, rest="typedef int not_empty;\n"):
    """Writes one source for each language. Gives its name without the suffix."""
    for suffix in LANGUAGES:
        with open(f"{work}/{name}.{suffix}", "w") as file:
            file.writelines(f"#include <{header}>\n" for header in headers)
            file.write(rest)
    return name


def main(root, work):
    ours = f"{root}/include/netapi32"
    headers = sorted(name for name in os.listdir(ours) if name.endswith(".h"))
    use = f'#include "{root}/tests/abi/use.h"\n'
    alone = [write(work, f"alone_{header[:-2]}", [header]) for header in headers]
    alone += [
        write(work, "system_headers_first", SYSTEM + ["lm.h"], use),
        write(work, "system_headers_last", ["lm.h"] + SYSTEM, use),
    ]
    together = [
        write(work, "as_documented", ["windows.h", "lm.h"], use),
        write(work, "all_backwards_twice", headers[::-1] * 2, use),
    ]
    orders = [write(work, f"order_{first[:-2]}_{second[:-2]}", [first, second])
              for first, second in itertools.permutations(headers, 2)]

    jobs = []  # (sentence, argv)
    for suffix, (compilers, dialects) in LANGUAGES.items():
        compilers = list(filter(shutil.which, compilers))
        for compiler, dialect in itertools.product(compilers, dialects):
            base = [compiler, f"-std={dialect}", f"-I{ours}", "-fsyntax-only"] + WARNINGS
            for mode, with_alone in MODES:
                names = together + (alone if with_alone else [])
                jobs.append((" ".join([compiler, dialect] + mode),
                             base + mode + [f"{work}/{name}.{suffix}" for name in names]))
            if dialect == dialects[0] and compiler == compilers[0]:
                jobs.append((f"{compiler} {dialect}, every two headers in either order",
                             base + [f"{work}/{name}.{suffix}" for name in orders]))
    if not jobs:
        tap.skip_all("needs a compiler: Debian packages gcc, g++, clang")

    def compile_job(job):
        result = subprocess.run(job[1], text=True, errors="replace", stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        return job[0], [result.stdout or " ".join(job[1])] if result.returncode else []

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(compile_job, jobs))

    # A C++ program must ask the linker for the plain name.
    for compiler in filter(shutil.which, LANGUAGES["cc"][0]):
        made = f"{work}/{compiler}.o"
        argv = [compiler, f"-I{ours}", "-c", "-o", made, f"{work}/as_documented.cc"]
        problem = subprocess.run(argv, text=True, errors="replace", stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT).stdout
        if os.path.exists(made):
            with open(made, "rb") as file:
                symbols = file.read().split(b"\0")
            problem += "" if b"NetSessionEnum" in symbols else "NetSessionEnum is mangled"
        results.append((f"{compiler} does not mangle the functions", [problem] if problem else []))
    return results


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: headers_compile.py SOURCE_ROOT")
    with tempfile.TemporaryDirectory(prefix="netsession-headers-") as directory:
        outcome = main(os.path.abspath(sys.argv[1]), directory)
    sys.exit(tap.report(outcome))
