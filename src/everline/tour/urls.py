"""The addresses of the tour. Views answer 404 where this is no demo."""

from django.urls import path

from everline.tour import views

app_name = "tour"
urlpatterns = [
    path("tour", views.show, name="show"),
    path("tour/acts/<slug:name>", views.act, name="act"),
    path("tour/start-over", views.start_over, name="start-over"),
]
