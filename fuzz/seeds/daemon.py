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
