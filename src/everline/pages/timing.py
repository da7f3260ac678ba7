"""Where a page's time goes, told in the Server-Timing header (W3C Server Timing).

`db` is waiting for the database, `render` filling in the template, `total` all of ours. Only pages
that are read carry it: the answer to a form would lend a clock to whoever tries numbers through.
"""

import time
from collections.abc import Callable

from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from everline.database import spent

RENDERED = "everline_render_seconds"
"""The attribute of a response in which frame.py leaves what rendering took."""

Handler = Callable[[HttpRequest], HttpResponse]
connection_created.connect(spent.watch, dispatch_uid="everline.pages.timing")


def server_timing(get_response: Handler) -> Handler:
    """Tell in each page's head what it took; the outermost middleware but the API's gate."""

    def timed(request: HttpRequest) -> HttpResponse:
        spent.begin()
        began = time.perf_counter()
        response = get_response(request)
        if request.method in {"GET", "HEAD"}:
            parts = {
                "db": spent.seconds(),
                "render": getattr(response, RENDERED, 0.0),
                "total": time.perf_counter() - began,
            }
            response["Server-Timing"] = ", ".join(
                f"{name};dur={1000 * seconds:.2f}" for name, seconds in parts.items()
            )
        return response

    return timed
