"""How the installed programs and libraries are protected against faults of memory: the flags in each binary."""
import platform
import re
import subprocess
import unittest

from lab import command, tap

BINARIES = ("netsession", "netsessiond", "netsession-samba", "libnetsession.so", "libnetapi32.so",
            *(name for name in ("netsession-wine", "compat/wine/netapi32.dll.so") if command.built(name).exists()))
DAEMONS = ("netsessiond", "netsession-samba", "libnetsession.so")


def readelf(name, *options):
    return subprocess.run(["readelf", "--wide", *options, command.built(name)], text=True, capture_output=True, check=True).stdout


def imports(name):
    """The symbols that the binary has from others, and sanitizers' own."""
    return set(re.findall(r" UND (\w+)", readelf(name, "--dyn-syms")))


def is_sanitized():
    return any(name.startswith("__asan") for name in imports("netsessiond"))


class Hardening(unittest.TestCase):
    def test_each_can_be_loaded_at_any_address(self):
        for name in BINARIES:
            with self.subTest(name):
                self.assertRegex(readelf(name, "--file-header"), r"Type: +DYN")

    def test_each_is_linked_at_its_start_and_read_only_then(self):
        for name in BINARIES:
            with self.subTest(name):
                self.assertIn("GNU_RELRO", readelf(name, "--program-headers"))
                self.assertRegex(readelf(name, "--dynamic"), r"\(FLAGS\).*BIND_NOW|\(BIND_NOW\)")

    def test_no_memory_of_theirs_is_writable_and_executable(self):
        for name in BINARIES:
            with self.subTest(name):
                headers = readelf(name, "--program-headers")
                self.assertRegex(headers, r"GNU_STACK .* RW ")
                self.assertNotRegex(headers, r"(?m)^ +LOAD .* RWE ")

    def test_the_stack_is_guarded(self):
        for name in DAEMONS:
            with self.subTest(name):
                self.assertIn("__stack_chk_fail", imports(name))

    def test_copies_of_known_size_are_checked(self):
        if is_sanitized():
            self.skipTest("the sanitizers check all copies")
        for name in DAEMONS:
            with self.subTest(name):
                self.assertTrue({"__memcpy_chk", "__snprintf_chk", "__vsnprintf_chk"} & imports(name))

    def test_functions_begin_with_a_mark_for_indirect_calls_where_the_processor_checks_it(self):
        """The marks of whole binaries are not there: the C library's own start files lack them on Debian 12."""
        marks = {"x86_64": bytes.fromhex("f30f1efa")}
        if platform.machine() not in marks:
            self.skipTest(f"not on {platform.machine()}")
        for name in BINARIES:
            with self.subTest(name):
                least = 6 if name.endswith(".dll.so") else 20  # the DLL has a dozen functions
                self.assertGreater(command.built(name).read_bytes().count(marks[platform.machine()]), least)


if __name__ == "__main__":
    tap.main()
