"""Check that a wheel holds the package and its data, all of them, and nothing else."""

import pathlib
import sys
import zipfile

held = {name for name in zipfile.ZipFile(sys.argv[1]).namelist() if ".dist-info/" not in name}
wanted = {path.as_posix() for path in pathlib.Path("aelib").rglob("*") if path.is_file() and path.suffix != ".pyc"}
if held != wanted:
    sys.exit(f"Too much in the wheel: {sorted(held - wanted)}. Missing: {sorted(wanted - held)}.")
print(f"{len(held)} files, {pathlib.Path(sys.argv[1]).stat().st_size / 2**20:.0f} MiB")
