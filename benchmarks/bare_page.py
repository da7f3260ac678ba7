"""The least that Django can do: one view that renders a constant, and no middleware.

No database, no language, no session: what everline's pages add is measured against this in
pages_rate.py. `BENCH_SIZES` names the sizes of the constants in bytes, each at /<size>.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "1000").split(",")]

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_I18N=False,
    SECRET_KEY="of-no-use-here",  # noqa: S106  Nothing is signed.
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {f"{size}.html": "." * size for size in SIZES},
                    )
                ]
            },
        }
    ],
)


def constant(request: HttpRequest, size: int) -> HttpResponse:
    """Render as many signs as asked for."""
    return render(request, f"{size}.html")


urlpatterns = [path("<int:size>", constant)]
application = get_wsgi_application()
