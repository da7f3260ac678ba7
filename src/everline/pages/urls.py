"""The addresses that every page needs: the language, and the operator's look."""

from django.urls import path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from everline.pages import dressing

app_name = "pages"
urlpatterns = [
    path("language", require_POST(set_language), name="language"),
    path("look.css", dressing.style, name="look"),
    path("mark.svg", dressing.mark, name="mark"),
]
