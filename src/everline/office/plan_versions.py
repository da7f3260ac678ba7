"""A new plan, and a next version of one: a form, how it will read where it is sold, and publishing.

Both are written by loading/publishing.py, which shares its parts with the loading of files. Nothing
that has begun is changed. What is there shows plans.py; the forms are in plan_forms.py.
"""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from everline.catalogue.models import Plan
from everline.loading import publishing
from everline.office.asking import Done, Sheet, fill
from everline.office.desk import Desk
from everline.office.forms import aware
from everline.office.plan_forms import PlanForm, VersionForm
from everline.office.plans import Version, found, refused, shown
from everline.pages import words

PREVIEW = "office/preview_version.html"


def add_plan(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Publish a new plan with its first version; `like` names a plan that it begins as."""
    like = Plan.objects.filter(code=request.GET.get("like", "")).first()
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        last=like.versions.order_by("-number").first() if like else None,
        currencies=sorted(desk.policy.currency_digits),
    )
    sheet = Sheet(
        _("New plan"),
        _("It is sold from the time that you write. Times are those of %(zone)s.")
        % {"zone": desk.zone},
        _("Publish"),
        reverse("office:plans"),
        preview=PREVIEW,
    )

    def look() -> Version | None:
        starts = aware(desk, form.cleaned_data["effective_from"])
        is_taken = Plan.objects.filter(code=form.cleaned_data["code"]).exists()
        if is_taken and "publish" not in request.POST:
            form.add_error("code", refused("exists"))
        if starts <= desk.at:
            form.add_error("effective_from", refused("too_early"))
        return None if form.errors else shown(desk, form.content, starts)

    def act(request_id: str) -> Done | None:
        code, starts = (
            form.cleaned_data["code"],
            aware(desk, form.cleaned_data["effective_from"]),
        )
        reached = publishing.publish_plan(code, form.names, starts, form.content, desk.at)
        if reached != publishing.PUBLISHED:
            form.add_error("code" if reached == "exists" else "effective_from", refused(reached))
            return None
        facts = form.content.document | {
            "names": form.names,
            "from": starts.isoformat(),
            "request": request_id,
        }
        desk.record("publish_plan", ("plan", code), facts)
        return Done(_("The new plan is published."))

    return fill(request, desk, sheet, form, act=act, look=look)


def add_version(request: HttpRequest, desk: Desk, code: str) -> HttpResponse:
    """Publish a new version of a plan, from an instant to come."""
    plan, versions = found(code)
    if not versions or (plan.retired_at is not None and plan.retired_at <= desk.at):
        raise Http404
    form = VersionForm(
        request.POST if request.method == "POST" else None,
        last=versions[0],
        currencies=sorted(desk.policy.currency_digits),
    )
    sheet = Sheet(
        _("New version of %(plan)s") % {"plan": words.name(plan.names)},
        _("What is sold now stays as it is. Times are those of %(zone)s.") % {"zone": desk.zone},
        _("Publish"),
        reverse("office:plan", kwargs={"code": code}),
        preview=PREVIEW,
    )

    def starts() -> datetime:
        return aware(desk, form.cleaned_data["effective_from"])

    def look() -> Version | None:
        late = plan.retired_at is not None and plan.retired_at <= starts()
        if starts() <= max(desk.at, versions[0].effective_from) or late:
            form.add_error("effective_from", refused("retired" if late else "too_early"))
            return None
        return shown(desk, form.content, starts())

    def act(request_id: str) -> Done | None:
        after = form.cleaned_data["after"]
        reached = publishing.publish_version(code, after, starts(), form.content, desk.at)
        if reached != publishing.PUBLISHED:
            form.add_error(None if reached == "overtaken" else "effective_from", refused(reached))
            return None
        facts = form.content.document | {
            "number": after + 1,
            "from": starts().isoformat(),
            "request": request_id,
        }
        desk.record("publish_version", ("plan", code), facts)
        return Done(_("The new version is published."))

    return fill(request, desk, sheet, form, act=act, look=look)
