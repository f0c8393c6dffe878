"""Print how long each notebook took when it was last executed for the book, slowest first."""

import pathlib
import pickle

environment = pickle.loads(pathlib.Path("_build/.doctrees/environment.pickle").read_bytes())
seconds = {page: data["exec_data"]["runtime"] for page, data in environment.nb_metadata.items() if "exec_data" in data}
for page in sorted(seconds, key=seconds.get, reverse=True):
    print(f"{page:<44} {seconds[page]:6.1f} s")
print(f"{'all notebooks':<44} {sum(seconds.values()):6.1f} s")
