#!/usr/bin/python3
"""Lists one user's sessions on many hosts at level 1 by impacket: impacket_sweep.py WORKERS USER DOMAIN TIMEOUT_S WANTED.

The password is the first line of its input; each further line is HOST PORT. WORKERS threads ask one host
at a time each, as scripts that use impacket do. Prints how many have answered."""
import concurrent.futures
import sys

from impacket.dcerpc.v5 import srvs, transport
from impacket.smbconnection import SMBConnection
from impacket_calls import entries


def answers(host, port, user, password, domain, timeout_s, wanted):
    try:
        connection = SMBConnection(host, host, sess_port=port, timeout=timeout_s)
        connection.login(user, password, domain)
        dce = transport.SMBTransport(host, host, filename=r"\srvsvc", smb_connection=connection).get_dce_rpc()
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        entries(dce, 1, wanted + "\0")
        connection.close()
    except Exception:  # whatever is wrong with a host, the next one is asked
        return False
    return True


def main():
    workers, user, domain, timeout_s, wanted = sys.argv[1:]
    password, *hosts = sys.stdin.read().splitlines()
    with concurrent.futures.ThreadPoolExecutor(int(workers)) as pool:
        asked = [pool.submit(answers, host, int(port), user, password, domain, int(timeout_s), wanted)
                 for host, port in map(str.split, hosts)]
    print(sum(one.result() for one in asked))


if __name__ == "__main__":
    main()
