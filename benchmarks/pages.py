"""How long does a reader wait for a page of the built book, and what does the page load?

    jupyter-book build . && python -m benchmarks.pages

opens each page in headless Chromium, with nothing in its cache, from a small server that compresses what it sends: once on a
wide screen as fast as this machine is, and once as on a phone, with a processor four times slower and a line of 1.6 Mb/s and
150 ms. Then the page is scrolled to its end. What is timed begins when the reader follows a link. Words after the command take only the pages whose
address holds one of them, which makes no record unless `--record` names one. It wants a Chromium and
`tests/browser/requirements.txt`. All pages take about half an hour on two quiet cores.
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import mimetypes
import os
import pathlib
import statistics
import sys
import threading
import time

from experiments.record import settings_of, write_record

PAGES = pathlib.Path(__file__).resolve().parents[1] / "_build" / "html"
ROUNDS = 3
COMPRESSED = [
    ".html",
    ".css",
    ".js",
    ".svg",
    ".json",
]  # as GitHub Pages does; pictures and fonts are compressed themselves
READERS = {
    "desk": {"width": 1280, "height": 800, "times_slower": 1, "megabits": None, "latency_ms": 0},
    "phone": {"width": 375, "height": 812, "times_slower": 4, "megabits": 1.6, "latency_ms": 150},
}
QUIET = 0.5  # seconds without a request, after which a page is taken to be complete
MEASURES = {  # what is found on a page, and the unit of it
    "first_paint": "s until the first words or pictures are seen",
    "formulas": "s until the whole text is there and every formula is drawn with its own letters",
    "largest_paint": "s until the largest thing on the first screen is seen",
    "blocked": "s in all by which tasks of the page exceed 50 ms, so that it does not answer",
    "longest_task": "s of the longest task",
    "shift": "of the layout, without the reader's doing, until the end of the page was reached",
    "requests": "files until the page is complete, before it is scrolled",
    "kilobytes": "kB sent for them, compressed, with what precedes each file",
    "requests_to_end": "files until the end of the page was reached",
    "kilobytes_to_end": "kB sent for them",
}

# Runs before a page's own scripts. Nothing is said of formulas to a page without any.
WATCH = """
window.seen = {first_paint: null, formulas: null, largest_paint: null, blocked: 0, longest_task: 0, shift: 0};
const watch = (type, see) => new PerformanceObserver(list => list.getEntries().forEach(see)).observe({type, buffered: true});
watch("paint", entry => { if (entry.name === "first-contentful-paint") seen.first_paint = entry.startTime; });
watch("largest-contentful-paint", entry => { seen.largest_paint = entry.startTime; });
watch("layout-shift", entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch("longtask", ({duration}) => {
  seen.blocked += duration - 50;
  seen.longest_task = Math.max(seen.longest_task, duration);
});
const look = () => {
  const formulas = [...document.querySelectorAll("article .math")];
  const drawn = formulas.every(formula => formula.querySelector(".katex-html, mjx-container"));
  const waits = [...document.fonts].some(font => /KaTeX|MJX/.test(font.family) && font.status === "loading");
  if (document.readyState === "loading" || !drawn || waits) requestAnimationFrame(look);
  else if (formulas.length) seen.formulas = performance.now();
};
requestAnimationFrame(look);"""

SCROLL = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo({top, behavior: "instant"});
    await new Promise(done => setTimeout(done, 50));
  }
}"""


def parse(arguments=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only pages whose address holds one of these words")
    parser.add_argument("--pages", type=pathlib.Path, default=PAGES, help="the folder of the built book")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each page is opened")
    parser.add_argument("--record", metavar="NAME", help="write benchmarks/results/NAME.json")
    options = parser.parse_args(arguments)
    if not options.words and options.rounds == ROUNDS and options.record is None:
        options.record = "pages"
    return options


def addresses(folder, words):
    """Every page of the built book, but for those that only lead on to another, or those whose address holds a word."""
    for path in sorted(folder.rglob("*.html")):
        address = path.relative_to(folder).as_posix()
        leads_on = 'http-equiv="refresh"' in path.read_text(encoding="utf-8").lower()
        if not address.startswith("_") and not leads_on and (not words or any(word in address for word in words)):
            yield address


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the files of a folder, texts compressed, over connections that stay open."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder, *arguments):
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self):
        path = self.folder / self.path.partition("?")[0].lstrip("/")
        if not path.is_file():
            return self.send_error(404)
        content, compressed = sent(path)
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@functools.cache
def sent(path):
    """What a server sends of a file, and whether it is compressed."""
    content = path.read_bytes()
    compressed = path.suffix in COMPRESSED
    return (gzip.compress(content, 9, mtime=0) if compressed else content), compressed


@contextlib.contextmanager
def server(folder):
    """Serve a folder on this machine; gives the address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, folder)) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


class Traffic:
    """What a page has asked for and received, as the browser reports it."""

    def __init__(self, devtools):
        self.requests, self.bytes, self.waiting, self.last = 0, 0, set(), time.monotonic()
        devtools.on("Network.requestWillBeSent", self.asked)
        devtools.on("Network.loadingFinished", self.received)
        devtools.on("Network.loadingFailed", self.received)

    def asked(self, event):
        if event["request"]["url"].startswith("http"):
            self.requests += 1
            self.waiting.add(event["requestId"])
            self.last = time.monotonic()

    def received(self, event):
        self.waiting.discard(event["requestId"])
        self.bytes += event.get("encodedDataLength", 0)
        self.last = time.monotonic()

    def settle(self, page):
        """Wait until nothing has been asked for or received for a while."""
        while self.waiting or time.monotonic() - self.last < QUIET:
            page.wait_for_timeout(100)


def visit(browser, address, reader):
    """Open a page as a reader of `READERS` would and scroll it to its end; return what `MEASURES` names."""
    size = {"width": reader["width"], "height": reader["height"]}
    context = browser.new_context(viewport=size, is_mobile=reader["width"] < 500, color_scheme="light")
    context.add_init_script(WATCH)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": reader["times_slower"]})
    speed = -1 if reader["megabits"] is None else reader["megabits"] * 1e6 / 8
    line = {"latency": reader["latency_ms"], "downloadThroughput": speed, "uploadThroughput": speed, "offline": False}
    devtools.send("Network.emulateNetworkConditions", line)
    traffic = Traffic(devtools)
    page.goto(address, wait_until="load", timeout=120_000)
    traffic.settle(page)
    found = {"requests": traffic.requests, "kilobytes": traffic.bytes / 1000}
    page.evaluate(SCROLL)
    traffic.settle(page)
    found |= {"requests_to_end": traffic.requests, "kilobytes_to_end": traffic.bytes / 1000}
    seen = page.evaluate("window.seen")
    context.close()
    times = {name: value and value / 1000 for name, value in seen.items() if name != "shift"}
    return {**times, "shift": seen["shift"], **found}


def in_the_middle(rounds):
    """The median of each measure over several visits of one page."""
    values = {name: [found[name] for found in rounds] for name in MEASURES}
    return {name: None if None in several else round(statistics.median(several), 3) for name, several in values.items()}


def table(rows, reader):
    """The rows of one reader as text, with the median and the worst of all pages below them."""
    rows = [row for row in rows if row["reader"] == reader]
    heads = ["paint s", "formulas", "largest", "blocked", "longest", "shift", "files", "kB", "to end", "kB"]
    lines = [f"{reader:<44}" + "".join(f"{head:>9}" for head in heads)]
    lines += [line(row["page"], row) for row in rows]
    for title, choose in (("median", statistics.median), ("worst", max)):
        known = {name: [row[name] for row in rows if row[name] is not None] for name in MEASURES}
        lines.append(line(title, {name: choose(values) if values else None for name, values in known.items()}))
    return "\n".join(lines)


def line(title, row):
    """One line of the table."""
    places = dict.fromkeys(MEASURES, 2) | dict.fromkeys(MEASURES.keys() & {"shift"}, 3)
    places |= {name: 0 for name in MEASURES if name.startswith(("requests", "kilobytes"))}
    cells = ["–" if row[name] is None else f"{row[name]:.{places[name]}f}" for name in MEASURES]
    return f"{title.removesuffix('.html')[-43:]:<44}" + "".join(f"{cell:>9}" for cell in cells)


def main(arguments=None):
    from book.printing.chromium import chromium  # not before it is needed: records are read where no browser is

    options = parse(arguments)
    folder = options.pages.resolve()
    names = list(addresses(folder, options.words))
    if not names:
        sys.exit(f"no page of {folder} is meant: build the book, or name other words")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if load is not None and load > 0.5:
        print(f"The machine is busy (load {load:.1f}): times will say more of that than of the pages.")
    rows = []
    with chromium() as browser, server(folder) as address:
        version = browser.version
        for name in names:
            for reader, conditions in READERS.items():
                rounds = [visit(browser, f"{address}/{name}", conditions) for _ in range(options.rounds)]
                rows.append({"page": name, "reader": reader, **in_the_middle(rounds)})
            print(f"{len(rows) // len(READERS)} of {len(names)}: {name}", file=sys.stderr, flush=True)
    for reader in READERS:
        print(f"\n{table(rows, reader)}")
    if options.record is None:
        print("\nOnly a part was run: no record is written.")
        return
    command = " ".join(["python -m benchmarks.pages", *(sys.argv[1:] if arguments is None else arguments)])
    results = {"browser": f"Chromium {version}", "load_before": load, "rows": rows}
    print(
        f"wrote {write_record(f'benchmarks/{options.record}', command, settings_of(sys.modules[__name__]), results, [])}"
    )


if __name__ == "__main__":
    main()
