"""Fetches a package from npm and checks it."""

import hashlib
import io
import sys
import tarfile
import urllib.request


def fetched(name, version, sha256):
    """Map the name of each file in a package to its bytes.

    Parameters
    ----------
    name, version : str
    sha256 : str
        The digest of the package's archive.

    Raises
    ------
    SystemExit
        If the archive is another one.
    """
    address = f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"
    with urllib.request.urlopen(address) as answer:
        archive = answer.read()
    digest = hashlib.sha256(archive).hexdigest()
    if digest != sha256:
        sys.exit(f"{address} expected the SHA-256 {sha256}. Received: {digest}.")
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        files = [member for member in package if member.isfile()]
        return {file.name.removeprefix("package/"): package.extractfile(file).read() for file in files}
