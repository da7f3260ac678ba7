"""What a page of the guest's way needs to know, in one round trip each.

The card with how it stands, or a renewal with its payment; and with either the operator's policy,
the channel's banners. With a card also which catalogue this is, so that the list of plans may be
taken from memory. The same facts are told one by one by cards, catalogue and trust.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from everline import database
from everline.cards import Card
from everline.catalogue import REVISION, Policy
from everline.renewals.renew import VIEW, Renewal
from everline.trust import Banner
from everline.trust.announcements import TAGS

_POLICY: Final = (
    "(select to_jsonb(o) from (select p.name, p.domain, p.sender_email, p.sender_sms,"
    " p.currency_digits, p.quote_minutes, p.payment_minutes, p.delivery_minutes,"
    " p.terms_ahead_max, p.lapsed_days, p.topup_amounts, p.topup_limits, p.document_check"
    " from catalogue_policy p where p.id = 1) o)"
)
_BANNERS: Final = (
    "(select coalesce(jsonb_agg(to_jsonb(s)), '[]') from ("
    "select coalesce(b.text ->> %(tag)s, b.text ->> 'en') as text, b.severity from trust_banner b"
    " where b.starts_at <= %(at)s and (b.ends_at is null or b.ends_at > %(at)s)"
    " and (b.channels = '{}' or %(channel)s = any(b.channels))"
    " order by b.severity desc, b.starts_at desc limit 5) s)"
)
_PUBLIC: Final = (
    "(select coalesce(array_agg(p.code::text order by p.ends_at, p.code), '{}')"
    " from catalogue_promotion p"
    " where p.is_public and p.starts_at <= %(at)s and p.ends_at > %(at)s"
    " and (p.budget_unit is null or (select sum(a.balance - a.held - a.floor)"
    "   from ledger_account a where a.account_id = p.account_id"
    "   and a.kind = 'promotion_budget' and a.currency = p.budget_unit) > 0))"
)
_CARD: Final = (
    "select"  # noqa: S608  All its parts are ours.
    " c.id, c.account_id, c.iccid, c.msisdn, c.kind, c.zone, c.currency, c.state,"
    " c.smdp_address, c.matching_id, c.taken_at, t.valid_until, t.last_ended_at,"
    " case when c.state in ('activated', 'bound', 'suspended') then t.newest"
    "   + make_interval(hours => 24 * coalesce("
    "(select p.lapsed_days from catalogue_policy p where p.id = 1), 90)) end as renewable_until,"
    " t.newest is not null as has_run,"
    " (select r.id from renewals_renewal r where r.card_id = c.id"
    "   and r.state in ('placed', 'awaiting_payment', 'held')) as open_id,"
    f" {_POLICY} as policy, {_BANNERS} as banners, {_PUBLIC} as promotions,"
    f" {REVISION} as revision"
    " from cards_card c left join lateral (select"
    " max(e.ends_at) filter (where e.ends_at > %(at)s) as valid_until,"
    " max(e.ends_at) filter (where e.ends_at <= %(at)s) as last_ended_at,"
    " max(e.ends_at) as newest"
    " from cards_entitlement e where e.card_id = c.id and e.state <> 'cancelled') t on true"
    " where c.id = %(id)s"
)
_RENEWAL: Final = VIEW.replace(
    " from renewals_renewal r",
    f", {_POLICY} as policy, {_BANNERS} as banners from renewals_renewal r",
    1,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every page shows around its facts."""

    policy: Policy
    banners: list[Banner]


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card as a stranger sees it; `promotions` are the codes of the public ones that run.

    `revision` says which catalogue all this was read from.
    """

    card: Card
    valid_until: datetime | None
    last_ended_at: datetime | None
    renewable_until: datetime | None
    has_run: bool
    open_id: UUID | None
    promotions: list[str]
    revision: str
    around: Surroundings


@dataclass(frozen=True, slots=True)
class RenewalSeen:
    """A renewal with what stands around it."""

    renewal: Renewal
    around: Surroundings


def look_at_card(card_id: UUID, channel: str, locale: str, at: datetime) -> CardSeen | None:
    """Look at a card as strangers may; None when there is none or no operator. One read."""
    found = _read(_CARD, card_id, channel, locale, at)
    if found is None:
        return None
    return CardSeen(
        card=Card(**{each.name: found[each.name] for each in fields(Card)}),
        valid_until=found["valid_until"],
        last_ended_at=found["last_ended_at"],
        renewable_until=found["renewable_until"],
        has_run=found["has_run"],
        open_id=found["open_id"],
        promotions=found["promotions"],
        revision=found["revision"],
        around=_around(found),
    )


def look_at_renewal(
    renewal_id: UUID, channel: str, locale: str, at: datetime
) -> RenewalSeen | None:
    """Look at a renewal; None when there is none or no operator. One read."""
    found = _read(_RENEWAL + "r.id = %(id)s", renewal_id, channel, locale, at)
    if found is None:
        return None
    renewal = Renewal(**{each.name: found[each.name] for each in fields(Renewal)})
    return RenewalSeen(renewal, _around(found))


def _read(
    query: str, wanted: UUID, channel: str, locale: str, at: datetime
) -> dict[str, Any] | None:
    tag = TAGS.get(locale.lower(), locale)
    found = database.record(query, {"id": wanted, "channel": channel, "tag": tag, "at": at})
    return found if found and found["policy"] else None


def _around(found: dict[str, Any]) -> Surroundings:
    return Surroundings(
        Policy(**found["policy"]),
        [Banner(**each) for each in found["banners"]],
    )
