"""The manual pages and completions that the programs print, judged by mandoc and by the shells themselves."""
import re
import shlex
import subprocess
import tempfile
import unittest

from fixtures.installed import Installed
from lab import command, tap


class Described:
    """The tests of every program."""
    PROGRAM = None
    COMMANDS, MORE_FORMS = (), ()

    def describe(self, form):
        result = command.run("--describe", form, program=self.PROGRAM)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        return result.stdout

    def options_of(self, *name):
        """The long options in `netsession NAME --help`."""
        told = command.run(*name, "--help", program=self.PROGRAM).stdout
        return set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", told, re.MULTILINE))

    def each_command(self):
        """The words of each command; none for a program that has none."""
        return [(name,) for name in self.COMMANDS] or [()]

    def written(self, form):
        file = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=f".{form}", dir="/tmp"))
        file.write(self.describe(form))
        file.flush()
        return file.name

    def run_shell(self, *arguments):
        done = subprocess.run(arguments, text=True, capture_output=True, check=False, env=command.environment())
        self.assertEqual((0, ""), (done.returncode, done.stderr), done)
        return done.stdout

    def test_the_manual_is_valid_roff_and_has_all_commands_and_options(self):
        page = self.written("man")
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], text=True, capture_output=True, check=False)
        self.assertEqual("", lint.stdout + lint.stderr)
        text = re.sub(".\b", "", self.run_shell("mandoc", "-Tutf8", page))
        for name in self.each_command():
            self.assertIn(" ".join((self.PROGRAM, *name)), text)
            for option in self.options_of(*name):
                self.assertIn(option, text)

    def complete_in_bash(self, *words, begun=""):
        script = (f"source {shlex.quote(self.written('bash'))}; COMP_WORDS=({self.PROGRAM} {' '.join(words)} '{begun}'); "
                  f"COMP_CWORD={len(words) + 1}; _{self.PROGRAM.replace('-', '_')}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        return self.run_shell("bash", "--norc", "-c", script).splitlines()

    def complete_in_fish(self, line):
        shown = self.run_shell("fish", "--no-config", "-c", f"source {shlex.quote(self.written('fish'))}; complete -C '{line}'")
        return {entry.split("\t")[0] for entry in shown.splitlines()}

    def test_bash_completes_exactly_the_options_of_a_command(self):
        for name in self.each_command():
            words = self.complete_in_bash(*name, begun="--")
            self.assertEqual(self.options_of(*name), {word for word in words if word.startswith("--")}, name)

    def test_fish_completes_exactly_the_options_of_a_command(self):
        for name in self.each_command():
            self.assertEqual(self.options_of(*name), self.complete_in_fish(" ".join((self.PROGRAM, *name, "--"))), name)

    def test_zsh_accepts_its_completion_which_has_exactly_the_options(self):
        file = self.written("zsh")
        self.run_shell("zsh", "-n", file)
        text = self.describe("zsh")
        for name in self.each_command():
            part = text.split(f"\t{name[0]})\n")[1].split(";;")[0] if name else text
            self.assertEqual(self.options_of(*name), set(re.findall(r"--[\w-]+(?=[\[}])", part)), name)

    def test_there_are_no_other_forms(self):
        self.assertEqual(2, command.run("--describe", "tcsh", program=self.PROGRAM).exit)
        self.assertEqual("", command.run("--describe", program=self.PROGRAM).stdout)
        for form in self.MORE_FORMS:
            self.describe(form)


class Descriptions(Described, unittest.TestCase):
    PROGRAM, COMMANDS = "netsession", ("list", "info", "close", "watch", "doctor", "metrics", "sweep", "collect", "report", "store",
                         "export")

    def test_bash_completes_commands_options_and_choices(self):
        self.assertEqual({*self.COMMANDS, "--help", "--version"}, set(self.complete_in_bash()))
        self.assertEqual(["auto", "0", "1", "2", "10", "502"], self.complete_in_bash("list", "-l"))
        self.assertEqual(["table", "json", "jsonl", "csv"], self.complete_in_bash("list", "--output"))
        self.assertEqual(["table", "jsonl"], self.complete_in_bash("watch", "--output"))

    def test_bash_completes_hosts_also_behind_two_slashes(self):
        self.assertIn("localhost", self.complete_in_bash("list", begun="localh"))
        self.assertIn("//localhost", self.complete_in_bash("list", begun="//localh"))

    def test_fish_completes_commands_options_and_choices(self):
        self.assertEqual(set(self.COMMANDS), self.complete_in_fish("netsession "))
        self.assertEqual({"auto", "0", "1", "2", "10", "502"}, self.complete_in_fish("netsession list -l "))

    def test_the_log_on_failures_of_the_manual_are_messages_of_the_program(self):
        section = re.search(r"^\.SH LOG-ON FAILURES\n(.*?)^\.SH", self.describe("man"), re.MULTILINE | re.DOTALL)[1]
        terms = "".join(re.findall(r"^\.TP\n(.*)\n", section, re.MULTILINE)).replace("\\-", "-")
        messages = [re.split(r'[":]', text)[0].strip().replace(r"\(aq", "'") for text in re.findall(r"\\fB(.*?)\\fR", terms)]
        source = "".join(file.read_text() for file in sorted((command.REPOSITORY / "src").glob("*/*.c")))
        source = re.sub(r'"\s*"', "", source)  # texts that are continued on the next line
        self.assertGreater(len(messages), 15)
        self.assertEqual([], [message for message in messages if message not in source])

    def test_renamed_options_are_refused_by_their_new_names(self):
        for program, arguments, name in (("netsession", ["watch", "--looks", "1"], "--polls"),
                                         ("netsessiond", ["--feed-socket=/tmp/x"], "--publish-socket"),
                                         ("netsession-samba", ["run", "--no-feed"], "--no-publish")):
            result = command.run(*arguments, program=program)
            self.assertEqual((2, ""), (result.exit, result.stdout), result)
            self.assertRegex(result.stderr, rf"\A{program}: option --[\w-]+ was renamed in version 0\.3; use {name}\n\Z")


class DescriptionsOfNetsessiond(Described, unittest.TestCase):
    PROGRAM, MORE_FORMS = "netsessiond", ("man5", "sample")

    def test_bash_completes_files_for_the_configuration(self):
        name = self.written("man")
        self.assertEqual([name], self.complete_in_bash("--config", begun=name[:-1]))


class DescriptionsOfNetsessionSamba(Described, unittest.TestCase):
    PROGRAM, COMMANDS = "netsession-samba", ("run", "check", "enable", "disable", "status", "release")

    def test_the_shells_complete_commands_and_choices(self):
        self.assertEqual({*self.COMMANDS, "--help", "--version"}, set(self.complete_in_bash()))
        self.assertEqual(set(self.COMMANDS), self.complete_in_fish("netsession-samba "))
        levels = ["error", "warning", "notice", "info", "debug"]
        self.assertEqual(levels, self.complete_in_bash("run", "--log-level"))
        self.assertEqual(set(levels), self.complete_in_fish("netsession-samba run --log-level "))


@unittest.skipUnless(command.built("netsession-wine").exists(), "netsession-wine is for x86-64")
class DescriptionsOfNetsessionWine(Described, unittest.TestCase):
    PROGRAM, COMMANDS = "netsession-wine", ("install", "remove")


class Installation(unittest.TestCase):
    def test_every_program_is_installed_with_its_manual_and_completions(self):
        installed = self.enterContext(Installed())
        names = {path.name for path in installed.folder.rglob("*")}
        for program, section in (("netsession", 1), ("netsessiond", 8), ("netsession-samba", 8)):
            for name in (f"{program}.{section}", f"{program}.bash", f"_{program}", f"{program}.fish"):
                self.assertIn(name, names)
        self.assertIn("netsessiond.conf.5", names)


if __name__ == "__main__":
    tap.main()
