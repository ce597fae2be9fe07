"""smbtorture says the same of a Samba with netsession-samba as of one without, but of what that completes."""
import concurrent.futures
import re
import subprocess
import unittest

from lab import tap
from lab.netsession_samba import NetsessionSamba
from lab.samba import SambaServer
from lab.wait_until import HANG_S

PASSWORD = "smbtorture-takes-it-no-other-way"  # than on the command line: it is worth nothing elsewhere
COMPLETED = "NetSessEnum", "NetSessDel"


def results(said):
    """{test: its result and all that was said before it}, without times and seeds."""
    said = re.sub(r"^(time:|Using seed|progress:) .*\n", "", said, flags=re.MULTILINE)
    found = {}
    for talk, result, name, why in re.findall(r"((?:^(?!success:|failure:|error:|skip:).*\n)*)"
                                              r"^(success|failure|error|skip): ([^\[\n]+?)(?: \[\n((?:.*\n)*?)\])?\n",
                                              said, flags=re.MULTILINE):
        found[name.strip()] = result, why, talk
    return found


class SameResults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        passwords = {"root": PASSWORD}
        cls.plain = cls.enterClassContext(SambaServer(passwords=passwords))
        cls.relayed = cls.enterClassContext(SambaServer(passwords=passwords, relayed=True))
        cls.relay = cls.enterClassContext(NetsessionSamba(cls.relayed))

    def torture(self, samba, binding, suite):
        name, configuration, port = samba.tool("smbtorture")
        done = subprocess.run([name, configuration, "-p", port.partition("=")[2], "-U", f"root%{PASSWORD}",
                               f"ncacn_np:{samba.host}[{binding}]", suite], text=True, capture_output=True, check=False,
                              timeout=HANG_S)
        found = results(done.stdout)
        self.assertTrue(found, done)
        return found

    def assert_same(self, binding, suite, least, besides=()):
        """Both, at the same time. least: as many tests succeed at least, so that all failing alike is no success."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            plain, relayed = pool.map(lambda samba: self.torture(samba, binding, suite), (self.plain, self.relayed))
        self.assertGreaterEqual(sum(result == "success" for result, *_ in relayed.values()), least, relayed)
        for name in plain.keys() | relayed.keys():
            if name.rpartition(".")[2] not in besides:
                self.assertEqual(plain.get(name), relayed.get(name), f"{suite}, {binding or 'plain'}: {name}")
        return relayed

    def test_srvsvc(self):
        relayed = self.assert_same("", "rpc.srvsvc", 7, COMPLETED)
        self.assertEqual("success", relayed["srvsvc (admin access).NetSessEnum"][0])
        self.assertGreater(self.relay.state["requests_intercepted"], 0)

    def test_srvsvc_of_a_big_endian_caller(self):
        before = self.relay.state["requests_intercepted"]
        relayed = self.assert_same("bigendian", "rpc.srvsvc", 7, COMPLETED)
        self.assertEqual("success", relayed["srvsvc (admin access).NetSessEnum"][0])
        self.assertGreater(self.relay.state["requests_intercepted"], before)

    def test_srvsvc_signed_and_sealed_by_the_caller_with_nothing_of_ours_in_it(self):
        before = self.relay.state["requests_intercepted"]
        for binding in ("sign", "seal", "sign,bigendian", "seal,spnego", "packet"):
            self.assert_same(binding, "rpc.srvsvc.srvsvc (admin access)", 7)
        self.assertEqual(before, self.relay.state["requests_intercepted"])

    def test_binds_and_management_and_other_pipes(self):
        for suite, least in (("rpc.bind", 8), ("rpc.mgmt", 1), ("rpc.asyncbind", 1), ("rpc.wkssvc", 1),
                             ("rpc.samba3.smb2-pipe-name", 1)):
            self.assert_same("", suite, least)


if __name__ == "__main__":
    tap.main()
