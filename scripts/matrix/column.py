# SPDX-License-Identifier: MIT
"""One column of the matrix: the project built and tested on one Debian by one compiler, as docs/tested-with.md has it."""
import dataclasses
import re
import time

import checkout
import inside
from failure import Failure
from root import Root

FOLDER = "/srv/netsession"
RESULTS = checkout.REPOSITORY / "build" / "matrix"
COUNT = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")
FAILED = re.compile(r"(.+?): (not ok \d+ - .*)")

# What a result names, and the packages that have its version, of which one is installed.
LIBRARIES = {"libc": ["libc6"], "krb5": ["libkrb5-3"], "gss-ntlmssp": ["gss-ntlmssp"], "samba": ["samba"],
             "openssl": ["libssl3t64", "libssl3"]}


@dataclasses.dataclass
class Column:
    """What is tested where.

    cross     another architecture than arch, for which arch's compiler builds; qemu runs what it has built
    compiler  gcc or clang: the suite's own
    tests     TESTS of make test; "" for all of them, before which make run has to work
    """
    suite: str
    arch: str = "amd64"
    cross: str = ""
    compiler: str = "gcc"
    tests: str = ""

    @property
    def name(self):
        return f"{self.suite}-{self.cross or self.arch}-{self.compiler}"

    @property
    def has_peers(self):
        """Whether Samba and what else the tests ask is installed; elsewhere unit tests alone can run."""
        return self.tests != "unit"


def run(column):
    """Returns the result, as JSON can have it. All that is printed is in build/matrix/NAME.log, too."""
    began = time.monotonic()
    root = Root(column.suite, column.arch, column.cross)
    with root.locked(), _log(column.name) as log:
        root.prepare(log)
        root.clear()
        checkout.copy(root.path / FOLDER.lstrip("/"))
        counted = _test(column, root, log)
        return {"name": column.name, "suite": column.suite, "arch": column.cross or column.arch, "tests": column.tests,
                "debian": (root.path / "etc/debian_version").read_text().strip(), "compiler": _compiler(column, root),
                "libraries": _libraries(root), **counted,
                "minutes": round((time.monotonic() - began) / 60, 1), "megabytes": root.megabytes()}


def _log(name):
    RESULTS.mkdir(parents=True, exist_ok=True)
    return open(RESULTS / f"{name}.log", "w", encoding="utf-8")


def closing_line(results):
    """The line that a run ends with, of all its results."""
    passed, failed, skipped = (sum(result[key] for result in results) for key in ("passed", "failed", "skipped"))
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def _test(column, root, log):
    """Packages come over the machine's network; all else has loopback alone. Returns the counts, and what failed."""
    by_clang = ["env", "CC=clang"] if column.compiler == "clang" else []

    def make(*arguments, network="lo"):
        print(f"--- {column.name}: make {' '.join(arguments)}", flush=True)
        return inside.run(root.path, [*by_clang, "make", "WERROR=true", f"CROSS={column.cross}", *arguments], log,
                          network=network, folder=FOLDER)

    def install(*purposes):
        if make(*(f"packages-{purpose}" for purpose in purposes), network="machine")[0] != 0:
            raise Failure(f"the packages of packaging/debian-packages cannot be installed: see {log.name}")

    passed, failures = 0, []
    install("run", "build", *(["cross"] if column.cross else []))
    if column.has_peers:
        if make("run", "PACKAGES=installed")[0] == 0:
            passed = 1
        else:
            failures = ["make run"]
        install("test")
    code, lines = make("test", "PACKAGES=installed", f"TESTS={column.tests}")
    counts = [found for found in map(COUNT.fullmatch, lines) if found]
    passed_tests, failed, skipped = (int(count or 0) for count in counts[-1].groups()) if counts else (0, 0, 0)
    failures += [": ".join(found.groups()) for found in map(FAILED.fullmatch, lines) if found]
    if failed == 0 and (code != 0 or not counts):
        failed = 1  # it ended before it could count
    return {"passed": passed + passed_tests, "failed": failed + (passed == 0 and column.has_peers), "skipped": skipped,
            "failures": failures}


def _compiler(column, root):
    option = "-dumpfullversion" if column.compiler == "gcc" else "-dumpversion"
    return f"{column.compiler} {inside.output(root.path, [column.compiler, option]).strip()}"


def _libraries(root):
    versions = root.versions([package for packages in LIBRARIES.values() for package in packages])
    return {name: next((versions[package] for package in packages if package in versions), None)
            for name, packages in LIBRARIES.items()}
