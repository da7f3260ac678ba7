"""Ports: whether one of this machine is free, and whether something answers at an address.

It is asked before anything is started, so that a taken port is one clear line and not a traceback.
Nothing here listens for long; the web server is config/wsgi.py, run by cli/running.py.
"""

import errno
import http.client
import socket
from typing import Final
from urllib.parse import urlsplit

from everline.database.preflight import ServerError

PORT_MAX: Final = 65_535


def require_port(port: int, host: str = "127.0.0.1") -> None:
    """Refuse a port that something listens on, or that this user may not take: one clear line.

    A local name leads to both loopback addresses, so for a local host both must be free.
    """
    hosts = [host, "::1"] if host in {"127.0.0.1", "localhost"} else [host]
    for each in hosts:
        family = socket.AF_INET6 if ":" in each else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind((each, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = port + 1 if port < PORT_MAX else 8001
                raise ServerError(
                    f"Port {port} is taken: end what uses it, or choose another one with --port"
                    f" {other} or EVERLINE_PORT={other}."
                ) from None
            if error.errno == errno.EACCES:
                raise ServerError(
                    f"Port {port} may not be taken by this user: choose one above 1023 with --port."
                ) from None
            if each == host:
                raise ServerError(
                    f"The address {host} cannot be listened on: {error.strerror}. Choose another"
                    " one with --host."
                ) from None


def free_port(wanted: int) -> int:
    """Give the wanted port when it is free, else 0, with which the system chooses one."""
    try:
        require_port(wanted)
    except ServerError:
        return 0
    return wanted


def status_of(address: str, seconds: int) -> int:
    """Ask an http address and give the status of its answer; raises OSError for silence."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise ConnectionError(type(error).__name__) from error
    finally:
        connection.close()
