"""Print how long each notebook took when the book was built last, slowest first."""

import pathlib

from jupyter_cache import get_cache

for path in pathlib.Path("_build/.jupyter_cache").iterdir():
    records = get_cache(path).list_cache_records()
    seconds = {record.uri: record.data["execution_seconds"] for record in records}
    for uri in sorted(seconds, key=seconds.get, reverse=True):
        name = str(pathlib.Path(uri).relative_to(pathlib.Path.cwd()))
        print(f"{name:<44} {seconds[uri]:6.1f} s")
    print(f"{'all notebooks':<44} {sum(seconds.values()):6.1f} s")
