"""The addresses of the online channel. No card number, telephone number or name stands in one.

A card, a renewal and a top-up are named by tokens that were made here (tokens.py). The views are in
the modules beside this one.
"""

from django.urls import path

from everline.channels.web import (
    doors,
    entry,
    esims,
    following,
    holders,
    installing,
    mandates,
    ordering,
    pins,
    places,
    receipts,
    reminders,
    signing_in,
    tokens,
    topping_up,
    topup_pages,
    verifying,
)

tokens.register()

app_name = "web"
urlpatterns = [
    path("", entry.home, name="home"),
    path("cards/<card:card_id>", entry.card, name="card"),
    path("cards/<card:card_id>/activate", doors.activate, name="activate"),
    path("cards/<card:card_id>/bind", doors.bind, name="bind"),
    path("cards/<card:card_id>/plans/<slug:plan>", ordering.order, name="order"),
    path("cards/<card:card_id>/auto-renewal", mandates.switch, name="auto-renewal"),
    path("esim", esims.choose, name="esim"),
    path("esim/take", esims.take, name="take-esim"),
    path("cards/<card:card_id>/esim", esims.of_card, name="card-esim"),
    path("renewals/<renewal:renewal_id>/esim", esims.of_renewal, name="renewal-esim"),
    path("renewals/<renewal:renewal_id>", following.show, name="renewal"),
    path("renewals/<receipt:renewal_id>", following.receipt, name="receipt"),
    path("renewals/<renewal:renewal_id>/payment", following.payment, name="payment"),
    path("renewals/<renewal:renewal_id>/returned", following.returned, name="returned"),
    path("renewals/<renewal:renewal_id>/pay", following.pay, name="pay"),
    path("renewals/<renewal:renewal_id>/cancel", following.cancel, name="cancel"),
    path("renewals/<renewal:renewal_id>/balance", following.pay_from_balance, name="pay-balance"),
    path("renewals/<renewal:renewal_id>/receipt", receipts.of_renewal, name="renewal-receipt"),
    path("cards/<card:card_id>/top-up", topping_up.choose, name="top-up"),
    path("cards/<card:card_id>/pin", pins.choose, name="pin"),
    path("top-ups/<topup:top_up_id>", topup_pages.show, name="topup"),
    path("top-ups/<topup-receipt:top_up_id>", topup_pages.receipt, name="topup-receipt"),
    path("top-ups/<topup:top_up_id>/payment", topup_pages.payment, name="topup-payment"),
    path("top-ups/<topup:top_up_id>/returned", topup_pages.returned, name="topup-returned"),
    path("top-ups/<topup:top_up_id>/pay", topup_pages.pay, name="topup-pay"),
    path("top-ups/<topup:top_up_id>/cancel", topup_pages.cancel, name="topup-cancel"),
    path("top-ups/<topup:top_up_id>/receipt", receipts.of_top_up, name="topup-send-receipt"),
    path("places", places.show, name="places"),
    path("verify", verifying.ask, name="verify"),
    path("verify/<path:code>", verifying.show, name="verify-code"),
    path("app", installing.app, name="app"),
    path("offline", installing.offline, name="offline"),
    path("manifest.webmanifest", installing.manifest, name="manifest"),
    path("sw.js", installing.worker, name="worker"),
    path("icons/<slug:purpose>-<int:size>.png", installing.drawn, name="icon"),
    path("cards/<card:card_id>/reminders", reminders.switch, name="reminders"),
    path("my/cards", holders.cards_held, name="my-cards"),
    path("sign-in", signing_in.start, name="sign-in"),
    path("sign-in/code", signing_in.confirm, name="sign-in-code"),
    path("sign-in/code/again", signing_in.send_again, name="sign-in-again"),
    path("sign-in/password", signing_in.Password.as_view(), name="sign-in-password"),
    path("sign-out", signing_in.SignOut.as_view(), name="sign-out"),
]
