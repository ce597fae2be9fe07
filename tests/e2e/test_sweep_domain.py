"""netsession sweep --domain: the computers of an Active Directory domain, which Samba's domain controller lists by LDAP."""
import json
import pathlib
import time
import unittest

from lab import command, tap
from lab.ad import DomainController

MANY = 1100  # more than the server lists at once
ENABLED, DISABLED = 0x1000, 0x1002  # userAccountControl
SERVER, CLIENT = "Windows Server 2022 Standard", "Windows 11 (Enterprise)"


def computer(host, operating_system=SERVER, flags=ENABLED, days_ago=1):
    """The attributes of its account; it logged on so many days ago."""
    at = int((time.time() - 86400 * days_ago + 11644473600) * 10 ** 7)
    return {"dNSHostName": host, "operatingSystem": operating_system, "userAccountControl": str(flags),
            "lastLogonTimestamp": str(at)}


class Domain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController({"tls enabled": "no"}))
        cls.dc.serve_directory()
        cls.workstations = [f"ws{number}.lab.example" for number in range(MANY)]
        cls.dc.add_computers({host.split(".")[0]: computer(host, CLIENT) for host in cls.workstations} | {
            "fs1": computer("fs1.lab.example"), "old": computer("old.lab.example", days_ago=90),
            "off": computer("off.lab.example", flags=DISABLED), "range": computer("10.0.0.0/8"),
            "odd": computer("a,b"), "red": computer("\x1b[31mred")})
        cls.dc.kinit(cls.dc.administrator)

    def sweep(self, *arguments, domain="lab.example", **options):
        """The result, and the outcome of each host by its name."""
        options = {"inside": self.dc.inside, "env": self.dc.environment} | options
        result = command.run("sweep", "--no-db", "-o", "jsonl", "--domain", domain, *arguments, **options)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        return result, {line["server"]: line["outcome"] for line in lines if line["type"] == "host"}

    def test_each_computer_of_many_pages_is_asked_once(self):
        result, hosts = self.sweep()
        self.assertEqual({*self.workstations, "fs1.lab.example", "old.lab.example", self.dc.name}, set(hosts))
        self.assertEqual("answered", hosts.pop(self.dc.name), result.stderr)
        self.assertEqual({"no_such_name"}, set(hosts.values()))

    def test_a_name_that_is_no_server_is_reported_and_skipped(self):
        result, hosts = self.sweep("--operating-system", SERVER)
        for name in ("10.0.0.0/8", "a,b", r"\x1B[31mred"):
            self.assertIn(f"a computer of the domain has the name {name}: ", result.stderr)
            self.assertNotIn(name, hosts)
        self.assertNotIn("\x1b", result.stderr)

    def test_filters_choose(self):
        for arguments, expected in (
                (["--operating-system", "Windows Server*", "--seen-within", "30"], {"fs1.lab.example"}),
                (["--operating-system", "Windows Server*"], {"fs1.lab.example", "old.lab.example"}),
                (["--operating-system", "*2022*", "--include-disabled"],
                 {"fs1.lab.example", "old.lab.example", "off.lab.example"}),
                (["--operating-system", "Windows 11 (Enterprise)"], set(self.workstations)),
                (["--search-base", "OU=Domain Controllers,DC=lab,DC=example"], {self.dc.name})):
            with self.subTest(arguments):
                self.assertEqual(expected, set(self.sweep(*arguments)[1]))
        self.assertNotIn(self.dc.name, self.sweep("--exclude-dcs")[1])

    def test_none_that_match_is_an_error_and_no_empty_sweep(self):
        for arguments in (["--operating-system", "(objectClass=*)"],
                          ["--exclude-dcs", "--search-base", "OU=Domain Controllers,DC=lab,DC=example"]):
            with self.subTest(arguments):
                result, hosts = self.sweep(*arguments)
                self.assertEqual((3, {}), (result.exit, hosts))
                self.assertIn("the computers of lab.example cannot be listed: there are none that match", result.stderr)

    def test_a_wrong_search_base_says_what_one_looks_like(self):
        for base in ("OU=Nothing,DC=lab,DC=example", "DC=other,DC=example", "no distinguished name"):
            with self.subTest(base):
                result, _ = self.sweep("--search-base", base)
                self.assertEqual(3, result.exit)
                self.assertIn("check the search base, a distinguished name such as OU=Servers,DC=lab,DC=example", result.stderr)

    def test_a_domain_that_is_not_there(self):
        result, _ = self.sweep(domain="other.example")
        self.assertEqual(3, result.exit)
        self.assertIn("DNS has no domain controllers of other.example (SRV _ldap._tcp.other.example); check", result.stderr)

    def test_a_domain_controller_that_is_named_is_asked_and_no_other(self):
        chosen = ["--search-base", "OU=Domain Controllers,DC=lab,DC=example", "--domain-controller"]
        for controller in (self.dc.name, f"{self.dc.name}:389"):
            with self.subTest(controller):  # DNS has no controllers of that domain
                self.assertEqual({self.dc.name}, set(self.sweep(*chosen, controller, domain="other.example")[1]))
        for controller, said in ((f"{self.dc.name}:1", "Can't contact LDAP server; check that a domain controller is up, and the firewall"),
                                 ("127.0.0.1", "named by its DNS name, for which the KDC has tickets"),
                                 ("fs9@127.0.0.1", "named by its DNS name"), ("a b", "the name has a blank")):
            with self.subTest(controller):
                result, hosts = self.sweep(*chosen, controller)
                self.assertEqual((3, {}), (result.exit, hosts))
                self.assertIn(said, result.stderr)

    def test_a_domain_is_spelled_in_any_case(self):
        chosen = ["--search-base", "OU=Domain Controllers,DC=lab,DC=example"]
        for domain in ("LAB.EXAMPLE", "lab.example."):
            with self.subTest(domain):
                self.assertEqual({self.dc.name}, set(self.sweep(*chosen, domain=domain)[1]))

    def test_an_ordinary_user_lists_the_computers(self):
        self.dc.add_user("alice")
        self.addCleanup(self.dc.kinit, self.dc.administrator)
        self.dc.kinit("alice")
        self.assertEqual({"fs1.lab.example", "old.lab.example"}, set(self.sweep("--operating-system", SERVER)[1]))

    def test_what_chooses_needs_a_domain(self):
        for chosen in (["--exclude-dcs"], ["--include-disabled"], ["--operating-system", "*"], ["--seen-within", "3"],
                       ["--search-base", "DC=lab"], ["--domain-controller", "dc1"]):
            with self.subTest(chosen):
                result = command.run("sweep", "--no-db", *chosen, "127.0.0.1:1")
                self.assertEqual((2, ""), (result.exit, result.stdout))
                self.assertIn(f"{chosen[0]} is for the computers of a domain: name it with --domain DOMAIN", result.stderr)

    def test_without_tickets_it_says_kinit(self):
        result, _ = self.sweep(env=self.dc.environment | {"KRB5CCNAME": f"FILE:{self.dc.folder}/none"})
        self.assertEqual(3, result.exit)
        self.assertIn("; run kinit as a user of the domain", result.stderr)

    def test_what_the_directory_says_is_encrypted(self):
        """Neither a query nor an answer goes in clear."""
        trace = pathlib.Path(self.dc.folder) / "trace"
        result, _ = self.sweep("--operating-system", SERVER,
                               inside=[*self.dc.inside, "strace", "-f", "-e", "trace=network,read,write", "-s", "4000", "-o", trace])
        self.assertIn("a computer of the domain", result.stderr)
        said = trace.read_text(errors="replace")
        self.assertIn("htons(389)", said)
        self.assertNotIn("operatingSystem", said)


if __name__ == "__main__":
    tap.main()
