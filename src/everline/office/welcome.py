"""The link by which somebody of the staff chooses a password: good once and for a few days.

It is Django's own page for it, which takes the token out of the address at once. The link is made
by staff.py and handed over by a person.
"""

from typing import Any

from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy

from everline import catalogue, clock
from everline.pages.frame import frame
from everline.trust import Actor, acts


class Welcome(PasswordResetConfirmView):
    """Choose a password, then sign in with it."""

    template_name = "office/welcome.html"
    success_url = reverse_lazy("web:sign-in-password")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password and record that it was set, not what it is."""
        answer = super().form_valid(form)
        acts.record(
            Actor("staff", self.user.pk), "choose_password", ("person", self.user.pk), clock.now()
        )
        return answer

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Add the frame that every page has."""
        form = context.get("form")
        status = 422 if form is not None and form.errors else 200
        given = frame(self.request, catalogue.policy()) | context
        response = super().render_to_response(given, status=status, **kwargs)
        response["Cache-Control"] = "no-store"
        return response
