"""The test lab: real peers, held sessions, bad networks and bad servers, all on loopback.

    process.py      runs a program so that nothing it starts outlives the test (by subreaper.py)
    server.py       what the servers have in common: folder, process, users, log
    ports.py        free loopback ports
    samba.py        a private Samba file server
    netsessiond.py  our own server, as built
    ad.py           a private Active Directory domain controller in a network namespace
    nmbd.py         a private Samba file server with a NetBIOS name, a network namespace away from its clients
    locales.py      locales of the lab's own, and programs that run in them
    sessions.py     sessions held open on a server, and independent ways to list them
    frames.py       the few SMB messages and fields the lab itself needs
    relay.py        a TCP relay that delays, counts and tampers
    tampering.py    what a relay can do to one message
    lost_network.py a network that answers nothing
    odd_servers.py  ports that behave badly
    command.py      runs the netsession command, and other programs, as built
    terminal.py     runs our programs on a terminal of their own
    cli.py          runs `netsession list`, and judges its output
    wait_until.py   waits for events; bounds on time that hold on a busy machine
    tap.py          unittest cases, reported as TAP
    selftest.py     shows that all of this works: cd tests && /usr/bin/python3 -m lab.selftest

Needs Linux, root and /usr/bin/python3 with python3-impacket (Debian). Nothing here talks to a network
other than loopback, adds an account to the machine, or leaves a process, namespace or folder behind.
"""
