"""The addresses of the hotline: two webhooks, and in the demo a telephone to try them with."""

from django.conf import settings
from django.urls import path

from everline.channels.hotline import trying, views

app_name = "hotline"
urlpatterns = [
    path("voice", views.voice_webhook, name="voice"),
    path("status", views.status_webhook, name="status"),
    *([path("try", trying.telephone, name="try")] if settings.DEMO else []),
]
