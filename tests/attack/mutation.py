"""What is done to bytes, and to messages that follow each other."""
import struct

NUMBERS = (0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 25, 32, 48, 49, 56, 57, 63, 64, 65, 72, 0x7F, 0x80, 0xFE, 0xFF, 0x100,
           0xFFF, 0x1000, 0x10B8, 0x7FFF, 0x8000, 0xFFF8, 0xFFFE, 0xFFFF, 0x10000, 0x10001, 0x7FFFFFFF, 0x80000000,
           0xFFFFFFF8, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
FORMATS = ("<H", "<I", "<Q", ">H", ">I")
MOST_BYTES = 70000


class Mutator:
    """Mutations that the random numbers of chance decide on. others: messages to take pieces from."""

    def __init__(self, chance, others=()):
        self.chance, self.others = chance, others
        self._kinds = (self._flip, self._set, self._number, self._number, self._add, self._insert, self._delete, self._double,
                       self._cut, self._splice)

    def happens(self, probability):
        return self.chance.random() < probability

    def spoil(self, data, most=4):
        """The bytes with 1 to most mutations."""
        changed = bytearray(data)
        for _ in range(self.chance.randint(1, most)):
            self.chance.choice(self._kinds)(changed)
        return bytes(changed[:MOST_BYTES])

    def maybe(self, data, probability, most=4):
        return self.spoil(data, most) if self.happens(probability) else data

    def number(self, near=0):
        """One of the numbers that stand at a border, or one beside near."""
        return self.chance.choice(NUMBERS) if self.happens(0.7) else max(0, near + self.chance.randint(-9, 9))

    def field(self, value, bits):
        """Another value of a field that has so many bits."""
        return (self.number(value) if self.happens(0.8) else value ^ 1 << self.chance.randrange(bits)) & (1 << bits) - 1

    def order(self, messages, probability):
        """The messages, some left out, doubled, moved or taken from others."""
        messages = list(messages)
        while messages and self.happens(probability):
            at = self.chance.randrange(len(messages))
            what = self.chance.randrange(4)
            if what == 0:
                del messages[at]
            elif what == 1:
                messages.insert(at, messages[at])
            elif what == 2:
                messages.insert(self.chance.randrange(len(messages)), messages.pop(at))
            elif self.others:
                messages.insert(at, self.chance.choice(self.others))
        return messages

    def pieces(self, data, most=6):
        """The bytes in 1 to most pieces."""
        cuts = sorted(self.chance.randrange(len(data) + 1) for _ in range(self.chance.randrange(most)))
        return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)])]

    def _place(self, data, width=1):
        return self.chance.randrange(max(1, len(data) - width + 1))

    def _flip(self, data):
        if data:
            data[self._place(data)] ^= 1 << self.chance.randrange(8)

    def _set(self, data):
        if data:
            data[self._place(data)] = self.chance.choice((0, 1, 0x20, 0x7F, 0x80, 0xFF, self.chance.randrange(256)))

    def _number(self, data):
        form = self.chance.choice(FORMATS)
        width = struct.calcsize(form)
        if len(data) >= width:
            at = self._place(data, width)
            at -= self.chance.choice((0, at % width))
            struct.pack_into(form, data, at, self.number(len(data)) & (1 << 8 * width) - 1)

    def _add(self, data):
        form = self.chance.choice(FORMATS)
        width = struct.calcsize(form)
        if len(data) >= width:
            at = self._place(data, width)
            [value] = struct.unpack_from(form, data, at)
            struct.pack_into(form, data, at, (value + self.chance.randint(-16, 16)) & (1 << 8 * width) - 1)

    def _insert(self, data):
        at = self._place(data)
        data[at:at] = self.chance.randbytes(self.chance.choice((1, 2, 4, 8, 60, 3000))) if self.happens(0.5) else \
            bytes([self.chance.choice((0, 0x41, 0x60, 0x80, 0xFF))]) * self.chance.choice((1, 4, 16, 1000, 20000))

    def _delete(self, data):
        at = self._place(data)
        del data[at:at + self.chance.choice((1, 2, 4, 8, 16, 64))]

    def _double(self, data):
        at = self._place(data)
        piece = data[at:at + self.chance.choice((1, 4, 8, 16, 64, 500))]
        data[at:at] = piece * self.chance.choice((1, 1, 1, 2, 40))

    def _cut(self, data):
        del data[self._place(data):]

    def _splice(self, data):
        if self.others:
            other = self.chance.choice(self.others)
            data[self._place(data):] = other[self.chance.randrange(len(other) + 1):]
