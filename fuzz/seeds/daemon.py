# SPDX-License-Identifier: MIT
"""What netsessiond decides: who may connect, and who has which right."""


def seeds_admission():
    come, turn, leave = 0, 1, 2

    def newcomers(source, count):
        return b"".join(bytes([source << 2 | come, 41 * n % 256]) for n in range(count))

    fills = [newcomers(5, 70), newcomers(5, 20) + newcomers(6, 20) + newcomers(0, 20) + newcomers(7, 20),
             b"".join(newcomers(n, 3) for n in range(24)), newcomers(0, 10) + newcomers(9, 40) + newcomers(1, 10)]
    ends = bytes([turn, 0, turn, 3, turn, 5, leave, 0, leave, 7, turn, 3])
    for bounds in ((0, 0, 0, 0, 0), (8, 0, 0, 0, 0), (0, 3, 0, 0, 0), (0, 0, 9, 0, 0), (0, 0, 0, 2, 0), (20, 8, 12, 4, 4),
                   (3, 0, 3, 0, 5), (40, 0, 30, 0, 4)):
        for fill in fills:
            yield bytes(bounds) + fill + ends + fill
            yield bytes(bounds) + fill + b"\xff\0" + bytes([6, 2, 4, 1, 1]) + ends + fill


def seeds_access_policy():
    label, right, group = range(3)
    anonymous, local, of_domain, unlabelled = range(4)

    def step(kind, which, text):
        return bytes([kind | which << 2]) + text + b"\0"

    lists = [b"alice", b"LAB\\alice", b"alice@LAB.EXAMPLE", b"@admins", b"S-1-5-21-1-2-3-512", b"nobody", b"authenticated",
             b"administrators, server_operators", b" , bob ,\talice\t,", "H\u00c4USER".encode(), b"S-1-", b"S-1-5-x", b"S-1-5-21-",
             b"@", b"\\alice", b"alice\\", b"alice@", b"a\x7fb", b"a\x01", b"\xff", b"x" * 511, b"x" * 512, b"publishers", b""]
    accounts = [(anonymous, b"", b""), (local, b"alice", b""), (of_domain, b"alice", b"LAB"), (unlabelled, b"alice", b"OTHER"),
                (local, "h\u00e4user".encode(), b""), (local, b"nobody", b""), (local, b"administrators", b"")]
    for kind, user, domain in accounts:
        for preset in (0, 1):
            who = bytes([preset | kind << 1]) + user + b"\0" + domain + b"\0"
            for text in lists:
                yield who + step(group, 0, text) + step(right, 1, text) + step(label, 0, text) + step(right, 3, b"administrators")
            yield who + b"".join(step(group, which, b"alice") for which in range(3)) + step(right, 5, b"server_operators")


def seeds_guesses():
    wait, wait_long, wrong, right, refused, looked_up, wrong_often = range(7)
    yield bytes([wrong, 0] * 12 + [wait, 9, wrong, 0, right, 0, wrong, 4, wrong_often, 0, wait_long, 30, wrong, 0])
    yield bytes([right, 5, wrong_often, 4, wrong_often, 1, wrong, 5, right, 5, wait, 255])
    yield bytes([refused, 80] * 9 + [wait_long, 1, refused, 80, refused, 3] + [refused, 200] * 7)
    yield b"".join(bytes([refused, n]) for n in range(256)) * 2
    yield b"".join(bytes([looked_up, n]) for n in range(0, 256, 2)) + bytes([looked_up, 1, looked_up, 1])
