"""Programs whose allocations fail one after another: `with FailingAllocations("netsession") as failing: ...`

fixtures/failing_allocations.h says how. The programs are those below tests/fixtures/failing in the build."""
import functools
import mmap
import os
import re
import struct
import subprocess
import tempfile

from .command import REPOSITORY, built

# The layout of struct failing_allocations.
FRAMES, MOST, HEAD = 5, 4096, 16
BYTES = HEAD + MOST * FRAMES * 8

ALLOCATION = re.compile(r"(?<!\w)(?:malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|open_memstream)\(")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
IN_CHECKOUT = re.compile(r"^.*?(?=(?:src|cmd|tests)/)")


def program(name):
    return f"tests/fixtures/failing/{name}"


def allocations(*patterns):
    """{"src/folder/file.c:line": the line} of all allocations in the sources that match these patterns."""
    found = {}
    for path in (path for pattern in patterns for path in sorted(REPOSITORY.glob(pattern))):
        code = COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), path.read_text())
        found |= {f"{path.relative_to(REPOSITORY)}:{number}": line.strip() for number, line in enumerate(code.splitlines(), 1)
                  if ALLOCATION.search(line)}
    return found


class FailingAllocations:
    """What a program's processes and a test share. environment: variables for the program."""

    def __init__(self, name):
        self.program = built(program(name))

    def __enter__(self):
        self._file = tempfile.NamedTemporaryFile(prefix="netsession-failing-")
        self._file.truncate(BYTES)
        os.chmod(self._file.name, 0o666)  # netsessiond gives up root
        self._shared = mmap.mmap(self._file.fileno(), BYTES)
        self.environment = {"NETSESSION_FAILING_ALLOCATIONS": self._file.name}
        return self

    def __exit__(self, *_):
        self._shared.close()
        self._file.close()

    @property
    def inside(self):
        """A command line to put before the program."""
        return ("env", *(f"{name}={value}" for name, value in self.environment.items()))

    def fail_each(self, act):
        """Acts again and again, and lets an allocation fail each time: the first by a call stack that has not failed
        before. Gives (the call stack, what act() returned) until there is none; then (None, what act() returned)."""
        failed = True
        while failed:
            self._shared[:4] = struct.pack("=I", 1)
            try:
                result = act()
            finally:
                failed = self._shared[:4] == bytes(4)
                self._shared[:4] = bytes(4)
            yield (self.stack(self.count - 1) if failed else None), result

    @property
    def count(self):
        """How many allocations have failed."""
        return struct.unpack("=I", self._shared[4:8])[0]

    def stack(self, index):
        """The call stack of a failure, innermost first: lines of function and place."""
        return "\n".join(f"{function} {place}" for function, place in map(self._place, self._addresses(index)))

    def places(self):
        """{"src/folder/file.c:line"} of all allocations that have failed."""
        return {self._place(self._addresses(index)[0])[1] for index in range(self.count)}

    def _addresses(self, index):
        return [at - 1 for at in struct.unpack_from(f"={FRAMES}Q", self._shared, HEAD + index * FRAMES * 8) if at]

    @functools.cache
    def _place(self, address):
        function, place = subprocess.run(["addr2line", "-f", "-e", self.program, hex(address)], text=True,
                                         capture_output=True, check=True).stdout.splitlines()
        return function, IN_CHECKOUT.sub("", os.path.normpath(place)).split(" ")[0]
