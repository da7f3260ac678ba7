"""The addresses of the online channel. No card number, telephone number or name stands in one.

What a part of an address may be is in tokens.py; the pages of other channels are in their own.
"""

from django.urls import path

from everline.channels.web import (
    doors,
    entry,
    esims,
    following,
    helping,
    holders,
    installing,
    mandates,
    offering,
    ordering,
    pins,
    places,
    receipts,
    reminders,
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
    path("renewals/<receipt:renewal_id>/receipt.pdf", receipts.renewal_pdf, name="renewal-pdf"),
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
    path("top-ups/<topup-receipt:top_up_id>/receipt.pdf", receipts.topup_pdf, name="topup-pdf"),
    path("top-ups/<topup:top_up_id>/payment", topup_pages.payment, name="topup-payment"),
    path("top-ups/<topup:top_up_id>/returned", topup_pages.returned, name="topup-returned"),
    path("top-ups/<topup:top_up_id>/pay", topup_pages.pay, name="topup-pay"),
    path("top-ups/<topup:top_up_id>/cancel", topup_pages.cancel, name="topup-cancel"),
    path("top-ups/<topup:top_up_id>/receipt", receipts.of_top_up, name="topup-send-receipt"),
    path("offers", offering.show, name="offers"),
    path("offers/confirm/<consent:consent_id>", offering.confirm, name="offers-confirm"),
    path("offers/leave/<consent:consent_id>", offering.leave, name="offers-leave"),
    path("help", helping.index, name="help"),
    path("help/<slug:guide>", helping.show, name="guide"),
    path("places", places.show, name="places"),
    path("verify", verifying.ask, name="verify"),
    path("verify/<path:code>", verifying.show, name="verify-code"),
    path("app", installing.app, name="app"),
    path("offline", installing.offline, name="offline"),
    path("manifest.webmanifest", installing.manifest, name="manifest"),
    path("sw.js", installing.worker, name="worker"),
    *(
        path(f"icons/{purpose}-{size}.png", installing.drawn, kind, name=f"icon-{purpose}-{size}")
        for purpose, size, kind in installing.ICONS
    ),
    path("cards/<card:card_id>/reminders", reminders.switch, name="reminders"),
    path("my/cards", holders.cards_held, name="my-cards"),
    path("sign-in", holders.SignIn.as_view(), name="sign-in"),
    path("sign-out", holders.SignOut.as_view(), name="sign-out"),
]
