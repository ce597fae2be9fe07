#!/usr/bin/python3
"""What tests/fixtures/programs/time_calls.c does, by impacket: impacket_calls.py HOST PORT USER DOMAIN [encrypt|kerberos].

The password is the first line of its input; by Kerberos, the ticket is in the cache that KRB5CCNAME names. Each further line is "LEVEL COUNT"; it is answered by "ENTRIES MEDIAN_NS".
Over SMB 3.0 if encrypted, and else by what impacket and the server agree on."""
import statistics
import sys
import time

from impacket.dcerpc.v5 import srvs, transport
from impacket.smbconnection import SMB2_DIALECT_30, SMBConnection

PAST_ALL = 0xFFFFFFFF


def entries(dce, level, user=srvs.NULL):
    request = srvs.NetrSessionEnum()
    request["ServerName"] = request["ClientName"] = srvs.NULL
    request["UserName"] = user
    request["InfoStruct"]["Level"] = request["InfoStruct"]["SessionInfo"]["tag"] = level
    request["InfoStruct"]["SessionInfo"][f"Level{level}"]["Buffer"] = srvs.NULL
    request["PreferedMaximumLength"], request["ResumeHandle"] = PAST_ALL, 0
    answer = dce.request(request)
    return len(answer["InfoStruct"]["SessionInfo"][f"Level{level}"]["Buffer"])


def main():
    host, port, user, domain, *how = sys.argv[1:]
    connection = SMBConnection(host, host, sess_port=int(port), timeout=600,
                               preferredDialect=SMB2_DIALECT_30 if "encrypt" in how else None)
    if "kerberos" in how:
        connection.kerberosLogin(user, "", domain)
    else:
        connection.login(user, sys.stdin.readline().rstrip("\n"), domain)
    dce = transport.SMBTransport(host, host, filename=r"\srvsvc", smb_connection=connection).get_dce_rpc()
    dce.connect()
    dce.bind(srvs.MSRPC_UUID_SRVS)
    for line in sys.stdin:
        level, count = map(int, line.split())
        times, found = [], 0
        for _ in range(count):
            began_ns = time.perf_counter_ns()
            found = entries(dce, level)
            times.append(time.perf_counter_ns() - began_ns)
        print(found, int(statistics.median(times)), flush=True)


if __name__ == "__main__":
    main()
