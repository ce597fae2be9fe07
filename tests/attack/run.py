"""`make attack`: runs the attacks of this package against the programs that were built with the sanitizers. Without CASE all
attacks on a target run side by side; with it that one alone, which has the same random numbers whenever it runs."""
import argparse
import os
import secrets
import sys

from lab.command import REPOSITORY

from .target import TARGETS

# As tests/meson.build has them, and a smaller store of freed memory, so that growth is seen.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=0:quarantine_size_mb=32",
    "LSAN_OPTIONS": f"print_suppressions=0:suppressions={REPOSITORY / 'tests' / 'lsan.supp'}",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def attack(name, options, seed):
    """Returns whether there was no finding."""
    print(f"{name}: seed {seed}", flush=True)
    try:
        with TARGETS[name](seed) as campaign:
            if options.case:
                kind, _, number = options.case.partition(":")
                campaign.one(kind, int(number))
            else:
                campaign.run(options.seconds, lambda text: print(f"{name}: {text}", flush=True))
        print(f"{name}: {campaign}\n{name}: no finding", flush=True)
        return True
    except AssertionError as finding:
        print(f"{name}: FINDING: {finding}", *getattr(finding, "__notes__", ()), sep="\n", flush=True)
        return False


def main():
    parser = argparse.ArgumentParser(prog="attack", description=__doc__)
    parser.add_argument("build", help="folder of the build with the sanitizers")
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--target", choices=TARGETS, help="one of them; else one after the other")
    parser.add_argument("--case", metavar="KIND:NUMBER")
    options = parser.parse_args()
    os.environ.update(SANITIZERS | {"NETSESSION_BUILD": os.path.abspath(options.build)})
    if options.case and not options.target:
        parser.error("--case is of a --target")
    seed = secrets.randbelow(1 << 31) if options.seed is None else options.seed
    results = [attack(name, options, seed) for name in ([options.target] if options.target else TARGETS)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
