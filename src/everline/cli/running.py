"""`everline serve` and `everline work`: one process each, for as long as it is wanted.

Production runs these under its own supervisor: `serve` once a machine, `work` as often as one
likes. The demo runs both as children, see demo.py. Nothing is decided here: the web application is
config/wsgi.py, the worker jobs/worker.py.
"""

import os
import signal
from typing import Annotated, Final

import typer

from everline.cli.speech import Exit, Json, err, fail, opened, write_json
from everline.config import environment

CONNECTIONS_SPARE: Final = 4
"""Connections of a process beyond its threads: sweeps, the demo's clock."""


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    threads: Annotated[
        int, typer.Option(help="Requests answered side by side.", min=1, max=256)
    ] = 16,
    json: Json = False,
) -> None:
    """Run the web server: pages, API and callbacks.

    Set EVERLINE_SECRET_KEY, EVERLINE_PUBLIC_ADDRESS and EVERLINE_HOSTS in production.

    Example: `everline serve --host 0.0.0.0 --port 8000 --threads 32`
    """
    os.environ.setdefault("EVERLINE_LOG", "INFO")
    os.environ.setdefault("EVERLINE_PORT", str(port))
    os.environ.setdefault("EVERLINE_PUBLIC_ADDRESS", f"http://localhost:{port}")
    os.environ.setdefault("EVERLINE_POOL_MAX", str(threads + CONNECTIONS_SPARE))
    with opened("web"):
        from django.conf import settings
        from granian import Granian
        from granian.constants import Interfaces
        from granian.log import LogLevels

        from everline.config.ports import require_port

        if not settings.DEMO and not environment.has_secret_key():
            fail(environment.KEY_MISSING, Exit.MISUSED)
        require_port(port, host)
        if json:
            write_json({"serving": f"http://{host}:{port}", "public": settings.PUBLIC_ADDRESS})
        else:
            err.print(f"Serving on http://{host}:{port} with {threads} threads. Ctrl-C ends it.")
        Granian(
            "everline.config.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=threads,
            backlog=1024,
            log_level=LogLevels.error,
            workers_kill_timeout=15,
            respawn_failed_workers=True,
        ).serve()


def work(
    *,
    threads: Annotated[int, typer.Option(help="Jobs done side by side.", min=1, max=64)] = 8,
    json: Json = False,
) -> None:
    """Run a worker: deliveries, questions to gateways, notices, and what is due by the clock.

    Run as many as you like, on as many machines. Ctrl-C or SIGTERM lets it finish what is in hand.

    Example: `everline work --threads 16`
    """
    os.environ.setdefault("EVERLINE_LOG", "INFO")
    os.environ.setdefault("EVERLINE_POOL_MAX", str(threads + CONNECTIONS_SPARE))
    with opened("worker"):
        from everline import clock
        from everline.config.plugs import KINDS, sweeps
        from everline.jobs import Worker

        worker = Worker(KINDS, sweeps(), threads=threads, now=clock.now)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if json:
            write_json({"working": True, "threads": threads})
        else:
            err.print(f"Working with {threads} threads. Ctrl-C ends it.")
        is_done = worker.run()
    if not is_done:
        # What hangs outside must not hold the process; its lease brings it to another worker.
        os._exit(Exit.FAILED)


COMMANDS: Final = (serve, work)
