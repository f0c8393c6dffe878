"""Tables of results: numbers under each other, the best one marked, a caption above."""

import html
import numbers

STYLE = """
.aelib-table caption, .aelib-table :is(th, td) { text-align: left; }
.aelib-table tbody th { font-weight: inherit; }
.aelib-table :is(th, td).number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.aelib-table [data-room]::after { content: attr(data-room); visibility: hidden; }
.aelib-table strong { position: relative; }
.aelib-table .unseen { clip-path: inset(50%); overflow: hidden; position: absolute; width: 1px; }
""".strip()
SPREADS = {2: " ± {}", 3: " ({} to {})"}
WAYS = {"min": min, "max": max}
NUMBER = ' class="number"'


class Table:
    """A table of results, which a notebook shows as a table of its page and a terminal as text.

    Parameters
    ----------
    rows : iterable of sequences
        The entries of each row; the first one names the row. An entry is a number, text, or None where there is nothing.
        A tuple of two numbers is a value with its deviation and is shown as "5.1 ± 0.2"; one of three is a value with
        the smallest and the largest, "5.1 (4.9 to 5.4)".
    columns : sequence of str or int
        The headings of all columns, each once.
    caption : str
        A sentence that says what is tabulated, with its unit.
    formats : str or dict of str to str or None
        How numbers are written, such as ``".2f"``: one format for all columns but the first, or one for each column
        named. Without a format, whole numbers have commas, and other numbers three significant digits.
    best : {"min", "max"}, dict or None
        Which number of a column is the best: the same in all columns but the first, or for each column named. It is set in
        bold and called "best" for those who do not see the letters. Numbers that read the same are marked alike.
    best_in : {"columns", "rows"}
        Where `best` looks. In ``"rows"``, a dict names rows.

    Raises
    ------
    ValueError
        If there is no row or no caption, a row has more or fewer entries than there are columns, a heading occurs twice,
        `formats` or `best` name what is not there, or a format does not fit a number.

    Examples
    --------
    >>> errors = {"mean image": 52.7, "PCA": 17.0, "autoencoder": 10.3}
    >>> Table(errors.items(), ["reconstruction", "error"], "Squared error per test image.", ".1f", best="min")
    Squared error per test image.
    <BLANKLINE>
    reconstruction  error
    mean image       52.7
    PCA              17.0
    autoencoder      10.3*
    <BLANKLINE>
    * best
    """

    def __init__(self, rows, columns, caption, formats=None, best=None, best_in="columns"):
        self.columns = _headings(columns)
        self.rows = _rows(rows, self.columns)
        if not isinstance(caption, str) or not caption.strip():
            raise ValueError(f"caption must be a sentence that says what the table shows. Received: {caption!r}.")
        self.caption = caption
        if best_in not in ("columns", "rows"):
            raise ValueError(f'best_in must be "columns" or "rows". Received: {best_in!r}.')
        formats = _for_each("formats", formats, self.columns, self.columns[1:])
        # Of each entry its value as text, and its spread.
        self._texts = [
            [_texts(entry, formats.get(name), name) for entry, name in zip(row, self.columns)] for row in self.rows
        ]
        self._is_number = [
            all(map(_may_be_number, column)) and any(map(_is_number, column)) for column in zip(*self.rows)
        ]
        self._best = self._best_places(best, best_in)

    def _best_places(self, best, best_in):
        """The places (row, column) of what is marked."""
        height, width = len(self.rows), len(self.columns)
        if best_in == "columns":
            names = self.columns
            lines = [[(i, j) for i in range(height)] for j in range(width)]
            usual = [name for name, is_number in zip(names[1:], self._is_number[1:]) if is_number]
        else:
            names = usual = [str(row[0]) for row in self.rows]
            lines = [[(i, j) for j in range(1, width)] for i in range(height)]
        ways, places = _for_each("best", best, names, usual), set()
        for name, line in zip(names, lines):
            if name in ways:
                places |= self._best_of(name, line, ways[name])
        return places

    def _best_of(self, name, line, way):
        """Those of some places, a column or a row, whose number reads like the best of them."""
        if way not in WAYS:
            raise ValueError(f'best must be "min" or "max". Received: {way!r}.')
        values = {(i, j): _value(self.rows[i][j]) for i, j in line if _is_number(self.rows[i][j])}
        values = {place: value for place, value in values.items() if value == value}  # NaN is no result
        if not values:
            raise ValueError(f"best names {name!r}, which holds no numbers.")
        if len(values) == 1:
            return set()  # nothing to be better than
        i, j = WAYS[way](values, key=values.get)
        return {place for place in values if self._texts[place[0]][place[1]][0] == self._texts[i][j][0]}

    def __repr__(self):
        columns = [self._column(j) for j in range(len(self.columns))]
        lines = ["  ".join(line).rstrip() for line in zip(*columns)]
        return "\n".join([self.caption, "", *lines, *(["", "* best"] if self._best else [])])

    def _column(self, j):
        """The lines of a column, all of one length."""
        side = ">" if self._is_number[j] else "<"
        wide = max(len(row[j][0]) for row in self._texts)
        texts = [f"{value:{side}{wide}}{spread}" for value, spread in (row[j] for row in self._texts)]
        marked = [(i, j) in self._best for i in range(len(texts))]
        texts = [text + "*" * mark for text, mark in zip(texts, marked)]
        wide = max(map(len, texts))
        # A heading stands above the digits and not above the mark.
        lines = [self.columns[j] + " " * any(marked), *(text.ljust(wide) for text in texts)]
        return [f"{line:{side}{max(map(len, lines))}}" for line in lines]

    def _repr_html_(self):
        headings = zip(self.columns, self._is_number)
        head = "".join(f'<th scope="col"{NUMBER * number}>{html.escape(name)}</th>' for name, number in headings)
        rows = ["".join(self._cell(i, j) for j in range(len(self.columns))) for i in range(len(self.rows))]
        body = "\n".join(f"<tr>{row}</tr>" for row in rows)
        return (
            f'<style>\n{STYLE}\n</style>\n<table class="aelib-table">\n<caption>{html.escape(self.caption)}</caption>\n'
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )

    def _cell(self, i, j):
        value, spread = self._texts[i][j]
        text = html.escape(value + spread)
        if (i, j) in self._best:
            text = f'<strong>{text}<span class="unseen"> (best)</span></strong>'
        # Room for the longest spread, or for the digits that it has more, so that the values stand under each other.
        longest = max((row[j][1] for row in self._texts), key=len)
        room = "0" * (len(longest) - len(spread)) if spread else longest
        attributes = NUMBER * self._is_number[j] + f' data-room="{room}"' * bool(room)
        return f'<th scope="row"{attributes}>{text}</th>' if j == 0 else f"<td{attributes}>{text}</td>"


def _headings(columns):
    """The headings as text, or an error."""
    if isinstance(columns, str):
        raise ValueError(f"columns must be a sequence of headings. Received: {columns!r}.")
    columns = [str(column) for column in columns]
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(f"columns must be one or several headings, each once. Received: {columns}.")
    return columns


def _rows(rows, columns):
    """The rows as lists, or an error."""
    try:
        rows = [list(row) if not isinstance(row, str) else row for row in rows]
    except TypeError as error:
        raise ValueError(f"rows must be a sequence of rows, each a sequence of entries. Received: {rows!r}.") from error
    if not rows:
        raise ValueError("rows must hold at least one row. Received: none.")
    for row in rows:
        if isinstance(row, str) or len(row) != len(columns):
            raise ValueError(
                f"Each row must have {len(columns)} entries, one for each of the columns {columns}. Received: {row!r}."
            )
    return rows


def _for_each(argument, given, names, usual):
    """`given` as a dict: the same for each of the usual names, or what it says for the names in it."""
    if given is None:
        return {}
    if isinstance(given, str):
        return dict.fromkeys(usual, given)
    given = {str(name): value for name, value in given.items()}
    for name in given:
        if name not in names:
            raise ValueError(f"{argument} names {name!r}, which the table does not have. It has: {names}.")
    return given


def _is_number(entry):
    """Whether an entry is a number, or one with its spread; `True` and `False` are no numbers here."""
    if isinstance(entry, tuple):
        return len(entry) in SPREADS and all(_is_number(part) and not isinstance(part, tuple) for part in entry)
    return isinstance(entry, numbers.Real) and not isinstance(entry, bool)


def _may_be_number(entry):
    return entry is None or _is_number(entry)


def _value(entry):
    return entry[0] if isinstance(entry, tuple) else entry


def _texts(entry, spec, column):
    """The value of an entry as text, and its spread."""
    if entry is None:
        return "–", ""
    if not _is_number(entry):
        return str(entry), ""
    value, *spread = [_number(number, spec, column) for number in (entry if isinstance(entry, tuple) else (entry,))]
    return value, SPREADS[len(spread) + 1].format(*spread) if spread else ""


def _number(number, spec, column):
    """A number as text, with a minus as wide as a plus, and none before a zero."""
    if spec is None:
        spec = "," if isinstance(number, numbers.Integral) else ".3g"
    try:
        text = format(number, spec).strip().replace("-", "−")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"formats must fit the numbers of the column {column!r}. Received: {spec!r} for {number!r}."
        ) from error
    return text if text.strip("−0.%") else text.lstrip("−")
