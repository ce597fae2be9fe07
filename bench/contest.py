"""Contenders that take turns, so that what else the machine does meets all of them alike; and the rows of the table."""
import dataclasses
import statistics


@dataclasses.dataclass
class Figure:
    """The median of some measurements, and the half of them that is nearest to it: from the first to the third quartile."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(statistics.median(values), low, high)


@dataclasses.dataclass
class Row:
    """A line of the table.

    what      what was measured
    unit      of all figures of the row, such as "ms"; less is better unless more_is_better
    figures   {contender: Figure}; "netsession" is ours
    target    the most that ours may be, as {contender: times its median}; of "limit": times what the machine can do; {} if
              nothing was promised
    at        the number of sessions, connections or hosts, for the graphs; None: there is none
    series    the rows of one graph have the same one
    """

    what: str
    unit: str
    figures: dict
    target: dict = dataclasses.field(default_factory=dict)
    more_is_better: bool = False
    at: int | None = None
    series: str | None = None

    def ratio(self, contender):
        """Ours as a multiple of the contender's median; None where it did not take part."""
        ours, theirs = self.figures.get("netsession"), self.figures.get(contender)
        return ours.median / theirs.median if ours and theirs and theirs.median else None

    def misses(self):
        """The targets that are not met, as texts."""
        for contender, most in self.target.items():
            ratio = self.ratio(contender)
            if ratio is not None and (ratio < most if self.more_is_better else ratio > most):
                yield f"{ratio:.2f} of {contender}, {'at least' if self.more_is_better else 'at most'} {most} promised"


def take_turns(contenders, turns):
    """Runs {name: function} so many times in turns. A function returns one measurement. Returns {name: Figure}."""
    values = {name: [] for name in contenders}
    for turn in range(turns):
        names = list(contenders)
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            values[name].append(contenders[name]())
    return {name: Figure.of(measured) for name, measured in values.items()}
