"""The addresses of the kiosk. Nothing of a person stands in one: the visit keeps it."""

from django.urls import path

from everline.channels.kiosk import choosing, entrance, finding, paying

app_name = "kiosk"
urlpatterns = [
    path("kiosk", entrance.attract, name="attract"),
    path("kiosk/enrol", entrance.enrol, name="enrol"),
    path("kiosk/enrol/demo", entrance.demo_code, name="demo-code"),
    path("kiosk/alive", entrance.alive, name="alive"),
    path("kiosk/official.svg", entrance.official_code, name="official"),
    path("kiosk/begin", entrance.begin, name="begin"),
    path("kiosk/leave", entrance.leave, name="leave"),
    path("kiosk/card", finding.card, name="card"),
    path("kiosk/activate", finding.activate, name="activate"),
    path("kiosk/bind", finding.bind, name="bind"),
    path("kiosk/plans", choosing.plans, name="plans"),
    path("kiosk/plans/<slug:plan>", choosing.order, name="order"),
    path("kiosk/top-up", choosing.amounts, name="amounts"),
    path("kiosk/top-up/<int:minor>", choosing.top_up, name="top-up"),
    path("kiosk/pay", paying.follow, name="pay"),
    path("kiosk/pay/again", paying.again, name="again"),
    path("kiosk/pay/stop", paying.stop, name="stop"),
    path("kiosk/pay/cancel", paying.cancel, name="cancel"),
    path("kiosk/pay/code.svg", paying.code, name="code"),
]
