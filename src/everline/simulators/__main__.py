"""`python -m everline.simulators --port P --data DIR`: start the sandbox bank and the network.

Prints one line with its address when it listens, and serves until it is told to end (SIGINT or
SIGTERM). One process owns a folder: a second one says so and stops. It is never part of a real
installation.
"""

import argparse
import fcntl
import logging
import os
import secrets
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

from everline.simulators import bank, network
from everline.simulators.bank_api import World
from everline.simulators.server import Listener
from everline.simulators.store import Records, Store
from everline.simulators.webhooks import Courier


def main() -> int:
    """Run until told to end; returns 2 with one line when it cannot start."""
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    wanted = _arguments()
    try:
        wanted.data.mkdir(parents=True, exist_ok=True)
        lock = _owned(wanted.data)
        listener = Listener(wanted.port)
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"everline simulators: {_why(error, wanted.port, wanted.data)}\n")
        return 2
    port = listener.server_address[1]
    store = Store(wanted.data)
    secret = wanted.notify_secret or _kept_secret(wanted.data)
    courier = Courier(store, secret, _let_time_pass)
    public_url = (wanted.public_url or f"http://localhost:{port}").rstrip("/")
    listener.world = World(store, courier, public_url)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=listener.shutdown).start())
    courier.start()
    sys.stdout.write(f"sandbox bank and network at http://localhost:{port}\n")
    sys.stdout.flush()
    listener.serve_forever(poll_interval=0.1)
    listener.server_close()
    courier.end()
    store.close()
    lock.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m everline.simulators", description=__doc__)
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="the folder of its own state")
    parser.add_argument(
        "--notify-secret",
        default=os.environ.get("SANDBOX_NOTIFY_SECRET", ""),
        help="signs webhooks; else SANDBOX_NOTIFY_SECRET; else DIR/notify-secret, made once",
    )
    parser.add_argument("--public-url", default="", help="the address that browsers use")
    return parser.parse_args()


def _let_time_pass(records: Records) -> None:
    bank.settle_all(records)
    network.settle_all(records)


def _owned(folder: Path) -> TextIO:
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


def _kept_secret(folder: Path) -> str:
    file = folder / "notify-secret"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_hex(32))
    return file.read_text().strip()


def _why(error: Exception, port: int, folder: Path) -> str:
    if isinstance(error, BlockingIOError):
        return f"another one already uses {folder}; stop it or give --data another folder."
    if isinstance(error, PermissionError):
        return f"{folder} or port {port} may not be used: {error.strerror}; choose another."
    if isinstance(error, OverflowError) or "in use" in str(error):
        return f"port {port} is taken or is not a port; give --port another one."
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
