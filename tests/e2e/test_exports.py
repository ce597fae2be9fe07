"""What the libraries export: exactly the names in exports/*.txt, so that nobody gives or takes one by accident."""
import pathlib
import subprocess
import unittest

from lab import command, tap

LISTS = pathlib.Path(__file__).with_name("exports")


class Exports(unittest.TestCase):
    def check(self, library):
        self.assertEqual((LISTS / f"{library}.txt").read_text().split(), command.exported_names(library))

    def test_libnetapi32_exports_windows_names_and_the_error_text(self):
        self.check("libnetapi32")

    def test_libnetsession_exports_its_own_names(self):
        self.check("libnetsession")

    def test_the_archive_for_windows_source_has_no_name_that_a_program_might_have(self):
        archive = command.built("compat/msvc/libnetapi32-msvc.a")
        symbols = subprocess.run(["nm", "--extern-only", "--defined-only", "--format=posix", archive], text=True,
                                 capture_output=True, check=True).stdout
        names = {line.split()[0] for line in symbols.splitlines() if not line.endswith(":")}
        self.assertEqual({"main"}, {name for name in names if not name.startswith("netapi32_crt_")})

    def test_libnetapi32_brings_no_copy_of_the_engine(self):
        needed = subprocess.run(["readelf", "--dynamic", command.built("libnetapi32.so")], text=True,
                                capture_output=True, check=True).stdout
        self.assertIn("Shared library: [libnetsession.so.1]", needed)


if __name__ == "__main__":
    tap.main()
