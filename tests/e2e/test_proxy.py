"""Servers by way of a SOCKS proxy (RFC 1928)."""
import unittest

from lab import command, odd_servers, postgres, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.socks import Socks


class Proxies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond())
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7")]))
        cls.name = f"fs1.lab.example:{cls.server.port}"

    def run_command(self, name, *arguments, **options):
        return command.run(name, "-A", self.server.credentials_file("root"), *arguments, **options)

    def test_a_server_that_only_the_proxy_knows_is_listed(self):
        with Socks() as proxy:
            for arguments, options in ((("--proxy", proxy.url), {}), ((), {"env": {"NETSESSION_PROXY": proxy.url}})):
                result = self.run_command("list", "-u", "alice", "-o", "json", *arguments, self.name, **options)
                self.assertEqual((0, ["alice"]), (result.exit, [row["user"] for row in result.sessions]), result)
            self.assertEqual([("fs1.lab.example", self.server.port)] * 2, proxy.asked_for)

    def test_addresses_reach_the_proxy_as_addresses(self):
        with Socks() as proxy:
            for host in ("127.0.0.1", "[::1]", "fs9@127.0.0.1"):
                self.assertEqual(0, self.run_command("list", "--proxy", proxy.url, f"{host}:{self.server.port}").exit)
            self.assertEqual(["127.0.0.1", "::1", "127.0.0.1"], [host for host, _ in proxy.asked_for])

    def test_a_sweep_goes_by_way_of_the_proxy_and_nowhere_else(self):
        with Socks() as proxy:
            result = self.run_command("sweep", "--no-db", "-o", "jsonl", "-u", "alice", "--proxy", proxy.url, self.name, "fs9:445",
                                      f"127.0.0.1:{free_port()}", env={"RES_OPTIONS": "attempts:1"})
            self.assertEqual({"answered": 1, "unreachable": 2}, result.jsonl[-1]["outcomes"], result)
            self.assertEqual(3, len(proxy.asked_for))

    @unittest.skipIf(postgres.programs() is None, "PostgreSQL is not installed")
    def test_a_collector_reaches_the_servers_by_way_of_the_proxy_and_the_database_without_it(self):
        with Socks() as proxy, postgres.PostgresServer() as database:
            variables = {"PGPASSFILE": str(database.passwords_file())}
            self.assertEqual(0, command.run("sweep", "--queue", "-u", "alice", "--db", database.url, self.name, env=variables).exit)
            result = self.run_command("collect", "--db", database.url, "--proxy", proxy.url, env=variables)
            self.assertEqual(0, result.exit, result)
            self.assertEqual([["answered", "1"]], database.query("SELECT outcome, sessions FROM outcome"))
            self.assertEqual([("fs1.lab.example", self.server.port)], proxy.asked_for)

    def test_a_failure_of_the_proxy_is_not_one_of_the_host(self):
        nobody = f"socks5://127.0.0.1:{free_port()}"
        result = self.run_command("sweep", "--no-db", "-o", "jsonl", "--proxy", nobody, self.name)
        self.assertEqual({"local_error": 1}, result.jsonl[-1]["outcomes"], result)
        for options, words in (({"method": 0xFF}, "requires authentication"), ({"reply": 2}, "rules of the proxy"),
                               ({"reply": 5}, "refuses the proxy's connection"), ({"reply": 7}, "does not support the request")):
            with Socks(**options) as proxy:
                result = self.run_command("list", "--proxy", proxy.url, self.name)
                self.assertEqual(3, result.exit)
                self.assertIn(words, result.stderr)
        with odd_servers.http() as http:
            result = self.run_command("list", "--proxy", f"socks5://127.0.0.1:{http.port}", "--timeout", 5, self.name)
            self.assertIn("at proxy", result.stderr)

    def test_other_urls_are_refused_and_so_is_doctor(self):
        for url in ("http://127.0.0.1:1", "socks4://127.0.0.1", "socks5://user@127.0.0.1", "socks5://", "127.0.0.1:1080"):
            result = self.run_command("list", "--proxy", url, self.name)
            self.assertEqual(3, result.exit)
            self.assertIn("has to be socks5://host:port", result.stderr)
        result = self.run_command("doctor", self.name, env={"NETSESSION_PROXY": "socks5://127.0.0.1:1"})
        self.assertEqual(3, result.exit)
        self.assertIn("by way of a proxy", result.stderr)


if __name__ == "__main__":
    tap.main()
