r"""Keeps a place for each formula until MathJax has set it, so that the text around it does not move.

TeX is longer than what it says: ``\partial C / \partial W`` takes the room of five signs. How
much a formula will take is estimated here from its TeX, in ems of the text, and written on the
page; the style sheet holds that room free while MathJax is not done. The estimate is rough: a
sign more or less seldom changes where a line breaks.
"""

import html
import re

# Widths in thousandths of an em of TeX's fonts: letters in their order, then other signs.
ITALIC = dict(zip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", [
    529, 429, 433, 520, 466, 490, 477, 576, 345, 412, 521, 298, 878, 600, 485, 503, 446, 451, 469, 361, 572, 485, 716, 572, 490, 465,
    750, 759, 715, 828, 738, 643, 786, 831, 440, 555, 849, 681, 970, 803, 763, 642, 791, 759, 613, 584, 683, 583, 944, 828, 581, 683,
]))  # fmt: skip
GREEK = {
    "alpha": 640, "beta": 566, "gamma": 518, "delta": 444, "epsilon": 406, "eta": 497, "theta": 469, "kappa": 576, "lambda": 583,
    "mu": 603, "nu": 494, "rho": 517, "sigma": 571, "tau": 437, "phi": 596, "psi": 651, "omega": 622, "Delta": 833, "Sigma": 722,
    "Theta": 778, "nabla": 833, "partial": 531, "top": 778, "T": 778, "dots": 1172, "infty": 1000, "sum": 1056, "prod": 944, "ell": 417, "R": 722, "ones": 575,
}  # fmt: skip
SIGNS = {"(": 389, ")": 389, "[": 278, "]": 278, ".": 278, "|": 278, "'": 275, "lVert": 500, "rVert": 500, "Vert": 500}
SPACES = {",": 167, ";": 278, ":": 222, "!": -167, " ": 250, "quad": 1000, "qquad": 2000}
PUNCTUATION = {",": 278, ";": 278}
# What relations and operations are wide, and the room at each of their two sides.
RELATIONS = dict.fromkeys("= < > le ge leq geq approx sim propto".split(), 778) | {"in": 667}
RELATIONS |= dict.fromkeys("to leftarrow rightarrow".split(), 1000)
OPERATIONS = dict.fromkeys("+ - pm times odot".split(), 778) | {"cdot": 278}
ROOM_OF_RELATION, ROOM_OF_OPERATION, ROOM_OF_COMMA = 278, 222, 167
NAMES = set("log exp max min sin cos tanh lim det".split())
SILENT = set("left right big Big bigl bigr Bigl Bigr displaystyle limits nolimits".split())
# What is written about its argument, and how much wider it is than that.
FACES = dict.fromkeys("mathbb mathbf mathrm mathcal boldsymbol text textbf operatorname hat bar tilde".split(), 0)
FACES |= {"sqrt": 850, "norm": 1000}

SIZE = 1.08  # of formulas beside the text, as the configuration of MathJax has it
SCRIPT = 0.707  # of what is raised or lowered
AFTER_SCRIPT = 100  # the room that it keeps, and that a slanted letter keeps before it
OTHER = 530  # a sign of which nothing is known

# Heights in ems: of a row of a matrix, and of a displayed line, which what is in it makes taller.
ROW, LINE = 1.55, 1.6
TALL = {r"\\left": 2.4, r"\\d?frac": 2.9, r"\\(sum|prod)_": 3.7, r"\\(under|over)brace": 5.2}

TOKEN = re.compile(r"\\([A-Za-z]+|.)|(\s+|&)|(.)", re.DOTALL)
MATRIX = re.compile(r"\\begin\{([pbvB]?matrix|cases|array)\}(.*?)\\end\{\1\}", re.DOTALL)


def width(tex):
    """The width of a formula that is set on one line, in ems of the text."""
    tokens = [(bool(command), command or sign) for command, space, sign in TOKEN.findall(tex) if not space]
    total = 0
    while tokens:  # a brace too many ends a row early
        total += row(tokens, in_script=False)
    return max(0.4, round(total * SIZE / 1000, 2))


def row(tokens, in_script):
    """Take tokens up to a closing brace, and return the width of what they say, in thousandths of an em."""
    total, scripts, after_operand = 0, {}, False
    while tokens:
        command, sign = tokens.pop(0)
        if not command and sign == "}":
            break
        if not command and sign in "^_":
            scripts[sign] = SCRIPT * argument(tokens, in_script=True) + AFTER_SCRIPT
            continue
        total += max(scripts.values(), default=0)
        scripts = {}
        total += atom(command, sign, tokens, in_script, after_operand)
        if sign not in SILENT and sign not in SPACES:
            after_operand = sign not in RELATIONS and sign not in OPERATIONS and sign not in ("(", "[", ",")
    return total + max(scripts.values(), default=0)


def argument(tokens, in_script):
    """Take one token or one group in braces, and return its width."""
    if not tokens:
        return 0
    command, sign = tokens.pop(0)
    if not command and sign == "{":
        return row(tokens, in_script)
    return atom(command, sign, tokens, in_script, after_operand=False)


def atom(command, sign, tokens, in_script, after_operand):
    """Return the width of a token and of what belongs to it, with the room that it keeps at its sides."""
    if not command and sign == "{":
        return row(tokens, in_script)
    if command and sign in SPACES:
        return SPACES[sign]
    if sign in SILENT or not command and sign in "{}":
        return 0
    if sign in ("frac", "tfrac", "dfrac"):
        parts = argument(tokens, True), argument(tokens, True)
        return 240 + SCRIPT * max(parts)
    if sign in FACES:
        return FACES[sign] + argument(tokens, in_script)
    if sign in RELATIONS:
        return RELATIONS[sign] + (0 if in_script else 2 * ROOM_OF_RELATION)
    if sign in OPERATIONS:
        return OPERATIONS[sign] + (2 * ROOM_OF_OPERATION if after_operand and not in_script else 0)
    if sign in PUNCTUATION:
        return PUNCTUATION[sign] + (0 if in_script else ROOM_OF_COMMA)
    if sign in NAMES:
        return 500 * len(sign) + 167
    if sign.isdigit() or sign == "/":
        return 500
    return (GREEK if command else ITALIC | SIGNS).get(sign, SIGNS.get(sign, OTHER))


def height(tex):
    """The height of a displayed formula, in ems: the sum of its rows."""
    matrices = [ROW * (matrix[2].count(r"\\") + 1) for matrix in MATRIX.finditer(tex)]
    rows = MATRIX.sub("m", tex).split(r"\\")
    total = sum(max(tall if re.search(thing, row) else LINE for thing, tall in TALL.items()) for row in rows)
    return round(max([total, *matrices]), 2)


def with_room(body):
    """Write on each formula in an article's HTML how much room it will take: its width in a line, its height in a display.

    A formula in a line is also kept together with the bracket before it and the comma after it.
    """

    def in_line(match):
        formula = f'{match[2]} style="--room: {width(html.unescape(match[3]))}em">\\({match[3]}\\)</span>'
        return f'<span class="with-formula">{match[1]}{formula}{match[4]}</span>' if match[1] or match[4] else formula

    def displayed(match):
        return f'{match[1]} style="--room: {height(html.unescape(match[3]))}em">{match[2]}\\[{match[3]}\\]'

    formula = r'(<span class="math [^">]*")>\\\((.*?)\\\)</span>'
    body = re.sub(rf"([(\[“]?){formula}([,.;:!?)\]”’]*)", in_line, body, flags=re.DOTALL)
    number = r'(\s*(?:<span class="eqno">.*?</span>)?\s*)'
    return re.sub(
        rf'(<div class="math [^">]*"(?: id="[^"]*")?)>{number}\\\[(.*?)\\\]', displayed, body, flags=re.DOTALL
    )


def keep_room(app, pagename, templatename, context, doctree):
    """Write the room of its formulas into the article of one page."""
    if "body" in context:
        context["body"] = with_room(context["body"])


def setup(app):
    app.connect("html-page-context", keep_room)
