"""The web application, as a WSGI server imports it: Django, plugged in."""

import warnings
from importlib import import_module
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler

from everline.config import environment, processes

environment.name_settings()
environment.name_process("web")
processes.end_with_parent()
# Static files are read from the packages themselves; a folder of collected ones is optional.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)


def _application() -> WSGIHandler:
    from django.conf import settings  # noqa: PLC0415  The settings are named above.
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    if not settings.DEMO and not environment.has_secret_key():
        raise ImproperlyConfigured(environment.KEY_MISSING)
    found: WSGIHandler = get_wsgi_application()
    from everline.config.plugs import plug_in  # noqa: PLC0415  Apps are loaded now.

    import_module(settings.ROOT_URLCONF)  # With all views, whose types plug_in() makes ready.
    plug_in()
    return found


application: Final = _application()
