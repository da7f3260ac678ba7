"""The addresses of the till. No card number, telephone number or name stands in one.

How ids are written in them is in addresses.py.
"""

from django.urls import path

from everline.channels.store import (
    addresses,
    counter,
    entrance,
    opened,
    receipts,
    sales,
    selling,
)

addresses.register()

app_name = "store"
urlpatterns = [
    path("till", counter.home, name="home"),
    path("till/enrol", entrance.enrol, name="enrol"),
    path("till/enrol/demo", entrance.demo_code, name="demo-code"),
    path("till/sign-in", entrance.sign_in, name="sign-in"),
    path("till/sign-out", entrance.sign_out, name="sign-out"),
    path("till/lock", entrance.lock, name="lock"),
    path("till/unlock", entrance.unlock, name="unlock"),
    path("till/sales", sales.listed, name="sales"),
    path("till/cards/<till_card:card_id>", counter.card, name="card"),
    path("till/cards/<till_card:card_id>/activate", counter.activate, name="activate"),
    path("till/cards/<till_card:card_id>/bind", counter.bind, name="bind"),
    path("till/cards/<till_card:card_id>/top-up", selling.top_up, name="top-up"),
    path("till/cards/<till_card:card_id>/plans/<slug:plan>", selling.order, name="order"),
    path("till/renewals/<till_renewal:renewal_id>", sales.renewal, name="renewal"),
    path("till/renewals/<till_renewal:renewal_id>/pay", opened.pay, name="pay"),
    path("till/renewals/<till_renewal:renewal_id>/cancel", sales.cancel, name="cancel"),
    path("till/top-ups/<till_top_up:top_up_id>", sales.top_up, name="top-up-sold"),
    path(
        "till/renewals/<till_renewal:inner>/take-back",
        sales.take_back,
        {"kind": "renewals"},
        name="take-renewal-back",
    ),
    path(
        "till/top-ups/<till_top_up:inner>/take-back",
        sales.take_back,
        {"kind": "top-ups"},
        name="take-top-up-back",
    ),
    path(
        "till/renewals/<till_renewal:inner>/slip/<slug:paper>",
        sales.slip,
        {"kind": "renewals"},
        name="renewal-slip",
    ),
    path(
        "till/top-ups/<till_top_up:inner>/slip/<slug:paper>",
        sales.slip,
        {"kind": "top-ups"},
        name="top-up-slip",
    ),
    path(
        "till/renewals/<till_renewal:inner>/receipt",
        receipts.send,
        {"kind": "renewals"},
        name="renewal-receipt",
    ),
    path(
        "till/top-ups/<till_top_up:inner>/receipt",
        receipts.send,
        {"kind": "top-ups"},
        name="top-up-receipt",
    ),
]
