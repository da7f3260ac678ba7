"""The addresses of every page, and the pages for what goes wrong."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from everline.channels import callbacks
from everline.channels.web import faults
from everline.office.metrics import metrics
from everline.office.outbox import outbox
from everline.office.tables import SITE
from everline.office.welcome import Welcome
from everline.pages.design import design

urlpatterns: list[URLPattern | URLResolver] = [
    path("callbacks/<slug:gateway>", callbacks.receive, name="callbacks"),
    path("metrics", metrics, name="metrics"),
    path("", include("everline.channels.partner.urls")),
    path("", include("everline.pages.urls")),
    # Addresses are tried in this order, so those that are asked for most come first.
    path("", include("everline.channels.web.urls")),
    path("", include("everline.channels.kiosk.urls")),
    path("", include("everline.channels.store.urls")),
    path("office/welcome/<uidb64>/<token>", Welcome.as_view(), name="office-welcome"),
    path("office/tables", SITE.urls),
    path("", include("everline.office.urls")),
    path("hotline/", include("everline.channels.hotline.urls")),
    path("", include("everline.tour.urls")),
    *(
        [path("outbox", outbox, name="outbox"), path("dev/design", design, name="design")]
        if settings.DEMO
        else []
    ),
]

handler400 = faults.bad_request
handler403 = faults.forbidden
handler404 = faults.not_found
handler500 = faults.broken
