"""Secrets that a deployment makes for itself, each in a file of its own."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def keep_secret(path: Path, otherwise: str) -> str:
    """Read a secret from its file, into which `otherwise` is put when there is none.

    Safe to race; the file is complete or absent after a crash, and its owner's alone. The folder is
    made when it is not there: with a server of one's own nothing else makes it.
    """
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A name of one's own: threads of one process race for it too, and share the process's number.
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    new = Path(name)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(otherwise)
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink()
    return path.read_text(encoding="ascii").strip()
