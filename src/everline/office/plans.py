"""Plans: what is sold, what will be, and an end with a successor.

A version that is there is never changed: what changes is a new version from an instant to come, as
plan_versions.py publishes it. Offers are in offers.py.
"""

from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from everline.catalogue.models import Plan, PlanVersion, Promotion
from everline.loading import publishing
from everline.loading.publishing import Content
from everline.office import offers
from everline.office.asking import Done, Question, Sheet, ask, fill
from everline.office.desk import Desk
from everline.office.forms import aware, wall_clock
from everline.office.frame import page
from everline.office.plan_forms import (
    RetireForm,
    country_names,
    on_renewal,
    validity,
)
from everline.pages import words
from everline.people.roles import Ability

LISTED_MAX: Final = 200
Version = dict[str, object]


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List plans and offers."""
    plans = Plan.objects.order_by("position", "code").prefetch_related("versions")[:LISTED_MAX]
    listed = Promotion.objects.order_by("-starts_at")[:LISTED_MAX]
    context = {
        "plans": [_row(desk, plan) for plan in plans],
        "offers": [offers.row(desk, each) for each in listed],
        "edits": desk.may(Ability.EDIT_PLANS),
    }
    return page(request, desk, "plans.html", context)


def _row(desk: Desk, plan: Plan) -> dict[str, object]:
    versions = sorted(plan.versions.all(), key=lambda each: each.number)
    present = [each for each in versions if each.effective_from <= desk.at]
    coming = [each for each in versions if each.effective_from > desk.at]
    shown = (present or coming)[-1] if versions else None
    return {
        "code": plan.code,
        "name": words.name(plan.names),
        "what": _gives(shown) if shown else "",
        "prices": _prices(desk, shown) if shown else [],
        "next": desk.instant(coming[0].effective_from) if coming else "",
        "retired": desk.instant(plan.retired_at) if plan.retired_at else "",
        "has_ended": plan.retired_at is not None and plan.retired_at <= desk.at,
    }


def _gives(version: PlanVersion) -> str:
    period = words.period(version.period_unit, version.period_count)
    return f"{period} · {words.allowance(version.allowance_bytes, version.fair_use_bytes)}"


def _prices(desk: Desk, version: PlanVersion) -> list[str]:
    return [desk.money(each.amount, each.currency) for each in version.prices.order_by("currency")]


def found(code: str) -> tuple[Plan, list[PlanVersion]]:
    """Find a plan with its versions, the last one first."""
    plan = Plan.objects.filter(code=code).select_related("successor").first()
    if plan is None:
        raise Http404
    return plan, list(plan.versions.order_by("-number"))


def show_plan(request: HttpRequest, desk: Desk, code: str) -> HttpResponse:
    """Show a plan with all its versions, each as it reads where it is sold."""
    plan, versions = found(code)
    has_ended = plan.retired_at is not None and plan.retired_at <= desk.at
    context = {
        "plan": plan,
        "name": words.name(plan.names),
        "names": [plan.names.get(each, "") for each in ("en", "zh-Hans", "id")],
        "retired": desk.instant(plan.retired_at) if plan.retired_at else "",
        "has_ended": has_ended,
        "successor": words.name(plan.successor.names) if plan.successor else "",
        "versions": [_stored(desk, each) for each in versions],
        "edits": desk.may(Ability.EDIT_PLANS) and not has_ended and bool(versions),
    }
    return page(request, desk, "plan.html", context)


def _stored(desk: Desk, version: PlanVersion) -> Version:
    content = Content(
        (version.period_unit, version.period_count),
        version.validity,
        version.on_renewal,
        version.allowance_bytes,
        version.fair_use_bytes,
        version.devices_max,
        version.region_id,
        [each.country for each in version.coverage.all()],
        [(each.currency, each.amount, each.tax_basis_points)
         for each in version.prices.order_by("currency")],
    )  # fmt: skip
    until = version.effective_until
    return shown(desk, content, version.effective_from) | {
        "number": version.number,
        "until": desk.instant(until) if until else "",
        "is_now": version.effective_from <= desk.at and (until is None or until > desk.at),
        "is_to_come": version.effective_from > desk.at,
    }


def shown(desk: Desk, content: Content, starts: datetime) -> Version:
    """Say what a version gives as it reads where it is sold, with an example."""
    bought = max(desk.at, starts)
    ends = publishing.example_end(content.period, content.validity, desk.zone, bought)
    return {
        "from": desk.instant(starts),
        "period": words.period(*content.period),
        "data": words.allowance(content.allowance, content.fair_use),
        "devices": words.devices(content.devices_max),
        "validity": validity(content.validity),
        "on_renewal": on_renewal(content.on_renewal),
        "countries": country_names(content.countries),
        "prices": [desk.money(amount, currency) for currency, amount, _tax in content.prices],
        "bought": desk.instant(bought),
        "ends": desk.instant(ends),
    }


def retire(request: HttpRequest, desk: Desk, code: str) -> HttpResponse:
    """End a plan at an instant to come, and name its successor."""
    plan, _versions = found(code)
    if plan.retired_at is not None and plan.retired_at <= desk.at:
        raise Http404
    form = RetireForm(
        request.POST if request.method == "POST" else None,
        plan=plan,
        initial={
            "retired_at": wall_clock(desk, plan.retired_at),
            "successor": plan.successor.code if plan.successor else None,
        },
    )
    sheet = Sheet(
        _("End %(plan)s") % {"plan": words.name(plan.names)},
        _("Terms that were sold run on. Renewals and auto-renewals go to the other plan."),
        _("End the plan"),
        reverse("office:plan", kwargs={"code": code}),
        preview="office/preview_end.html",
    )

    def look() -> dict[str, object]:
        successor = form.cleaned_data["successor"]
        last = successor.versions.order_by("-number").first()
        return {
            "ends": desk.instant(aware(desk, form.cleaned_data["retired_at"])),
            "successor": words.name(successor.names),
            "what": _gives(last) if last else "",
            "prices": _prices(desk, last) if last else [],
        }

    def act(request_id: str) -> Done | None:
        ends = aware(desk, form.cleaned_data["retired_at"])
        successor = form.cleaned_data["successor"].code
        reached = publishing.retire_plan(code, successor, ends, desk.at)
        if reached != publishing.PUBLISHED:
            field = "retired_at" if reached in {"too_early", "retired"} else "successor"
            form.add_error(field, refused(reached))
            return None
        facts = {"ends": ends.isoformat(), "successor": successor, "request": request_id}
        desk.record("retire_plan", ("plan", code), facts)
        return Done(_("The plan will end then."))

    return fill(request, desk, sheet, form, act=act, look=look)


def keep(request: HttpRequest, desk: Desk, code: str) -> HttpResponse:
    """Take an end that is still to come back."""
    plan, _versions = found(code)
    question = Question(
        _("Keep this plan on sale?"),
        _("The end that is planned is taken back."),
        _("Keep it"),
        reverse("office:plan", kwargs={"code": code}),
        ((_("Plan"), words.name(plan.names)), (_("Ends"), desk.instant(plan.retired_at))),
    )

    def act(request_id: str) -> Done:
        if plan.retired_at is None:
            return Done(_("It was so before."), is_good=False)
        reached = publishing.retire_plan(code, None, None, desk.at)
        if reached != publishing.PUBLISHED:
            return Done(refused(reached), is_good=False)
        desk.record("keep_plan", ("plan", code), {"request": request_id})
        return Done(_("The plan stays on sale."))

    return ask(request, desk, question, act)


def refused(reached: str) -> str:
    """Say why something was not published."""
    return {
        "exists": _("Another plan has this code already. Choose another one."),
        "overtaken": _("Somebody has published a version meanwhile. Look at it, then begin anew."),
        "too_early": _("It must begin later than now and later than the last version."),
        "retired": _("The plan has ended by then. Write an earlier time."),
        "successor_loop": _("These two would lead to each other. Choose another plan."),
        "successor_retired": _("That plan ends too. Choose one that is still sold."),
        "successor_price": _("That plan lacks a price in one of this plan's currencies."),
    }.get(reached, reached)
