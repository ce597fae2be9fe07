# SPDX-License-Identifier: MIT
"""Compiles the targets with clang, with libFuzzer and sanitizers or with counters of lines."""
import concurrent.futures
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
OUT = ROOT / "build" / "fuzz"
TARGETS = re.findall(r"'(\w+)'", re.search(r"fuzz_targets = \[(.*?)\]", (FUZZ / "meson.build").read_text(), re.S)[1])
LIBRARIES = ["libuv", "libcrypto", "krb5-gssapi", "krb5", "jansson", "inih", "sqlite3", "libpq", "ldap"]
# Nothing is inlined, so that each function is one in the account of what was reached.
FLAGS = ["-std=gnu17", "-g", "-O1", "-fno-inline", "-fno-omit-frame-pointer", "-D_GNU_SOURCE",
         '-DNETSESSION_VERSION="fuzz"']
INSTALL_FOLDERS = '#define NETSESSION_SYSCONFDIR "/etc"\n#define NETSESSION_LOCALSTATEDIR "/var"\n'
SANITIZE = ["-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=all"]
COUNT_LINES = ["-fsanitize=fuzzer-no-link", "-fprofile-instr-generate", "-fcoverage-mapping"]
INCLUDES = [f"-I{ROOT / path}" for path in ("src", "include", "include/netapi32", "fuzz", "build/fuzz/include")]


def pkg_config(kind):
    return subprocess.run(["pkg-config", kind, *LIBRARIES], check=True, capture_output=True,
                          text=True).stdout.split()


def object_of(source, folder):
    return OUT / folder / (str(source.relative_to(ROOT)).replace("/", "_") + ".o")


def compile_one(source, flags, folder):
    made = object_of(source, folder)
    newest = max(p.stat().st_mtime for part in ("src", "include", "fuzz")
                 for p in (ROOT / part).rglob("*.h"))
    if not made.exists() or made.stat().st_mtime < max(newest, source.stat().st_mtime):
        subprocess.run(["clang", *FLAGS, *INCLUDES, *flags, "-c", source, "-o", made], check=True)
    return made


def engine_sources():
    return [p for p in sorted((ROOT / "src").rglob("*.c")) if p.parent.name != "netapi"]


def engine(pool, flags, folder):
    """An archive of all sources, of which each target links what it calls."""
    (OUT / "include").mkdir(parents=True, exist_ok=True)
    (OUT / folder).mkdir(exist_ok=True)
    (OUT / "include/install_folders.h").write_text(INSTALL_FOLDERS)
    objects = list(pool.map(lambda p: compile_one(p, flags, folder), engine_sources()))
    archive = OUT / folder / "engine.a"
    archive.unlink(missing_ok=True)
    subprocess.run(["ar", "rcs", archive, *objects], check=True)
    return archive


def programs(targets, jobs, flags, link_flags, folder, to):
    """Compiles and links the targets. Returns the path of each."""
    flags = flags + pkg_config("--cflags")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        archive = engine(pool, flags, folder)
        mains = list(pool.map(lambda t: compile_one(FUZZ / f"{t}.c", flags, folder), targets))
        paths = [to / target for target in targets]
        list(pool.map(lambda main, path: subprocess.run(
            ["clang", *link_flags, main, archive, *pkg_config("--libs"), "-lunistring", "-lpthread", "-o", path],
            check=True), mains, paths))
    return dict(zip(targets, paths))


def with_sanitizers(targets, jobs):
    return programs(targets, jobs, SANITIZE, ["-fsanitize=fuzzer,address,undefined"], "objects", OUT)


def with_line_counters(targets, jobs):
    """Without sanitizers, which would count their own branches."""
    return programs(targets, jobs, COUNT_LINES, ["-fsanitize=fuzzer", "-fprofile-instr-generate"], "lines",
                    OUT / "lines")
