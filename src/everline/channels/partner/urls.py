"""The addresses of the API. No card number, telephone number or name stands in one."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver
from dmr.openapi import build_schema
from dmr.openapi.dump import json_dumps
from dmr.routing import Router, external_path, path

from everline.channels.partner import balances, billers, views
from everline.channels.partner.document import config
from everline.channels.partner.problems import Misuse, misused


@cache
def _document() -> str:
    return json_dumps(build_schema(router, config=config()).convert())


def document(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI document; it asks for no key."""
    if request.method != "GET":
        answer = misused(Misuse.METHOD_WRONG, request)
        answer["Allow"] = "GET"
        return answer
    return HttpResponse(_document(), content_type="application/json")


router = Router(
    "api/v1/",
    [
        path("renewals", views.RenewalsController.as_view()),
        path("quotes", views.QuotesController.as_view()),
        path("inquiries", billers.InquiriesController.as_view()),
        path("payments", billers.PaymentsController.as_view()),
        path("advice", billers.AdviceController.as_view()),
        path("reversals", billers.ReversalsController.as_view()),
        path("top-ups", balances.TopUpsController.as_view()),
        path("top-ups/<str:top_up>", balances.TopUpController.as_view()),
        path("announcements", views.AnnouncementsController.as_view()),
        path("cards/status", views.CardStatusController.as_view()),
        path("plans", views.PlansController.as_view()),
        path("renewals/<str:renewal>", views.RenewalController.as_view()),
        external_path("openapi.json", document, openapi=None),
    ],
)

urlpatterns: list[URLResolver] = [router.to_urlpatterns()]
