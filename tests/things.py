"""One small world of things that are somebody's, for addresses to be tried with.

They are of one store, one partner and one holder, and beside each stands another who must not reach
them. Who speaks is speakers.py; what each may do stands in address_table.py.
"""

import uuid
from typing import Final

from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from psycopg.types.json import Jsonb

from everline import autorenewal, cards, ids, notices, renewals
from everline.database.requests import Answer
from everline.office.table_list import TABLES
from everline.people import keys, staff, terminals
from everline.people.models import APIKey, Person
from everline.people.roles import Role
from everline.trust import addresses
from tests.stores import PIN, Device, Owner
from tests.world import World

PASSWORD: Final = "correct horse 27"
TOKEN: Final = "the token that the tests and the webhooks share"
SECRET: Final = "what the bank signs with"
WRITTEN_ALWAYS: Final = ["django_session", "database_cache", "trust_turn"]
"""Tables that any request may write."""


class Things:
    """The world with its people, stores, partners and what is theirs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.handler = Client().handler
        self.store, self.other_store = (world.retailer(deposit=90_000) for _ in range(2))
        self.partner, self.other_partner = (world.partner(deposit=90_000) for _ in range(2))
        self.plan = world.plan("HOME-30")
        world.owner.execute("update catalogue_policy set topup_amounts = '{\"EUR\": [1000]}'")
        self.card = self._card()
        self.other_card = world.card(balance=5000)
        self.holder, self.other_holder = self._holder(self.card), self._holder(self.other_card)
        self.bought = named(world.renew(self.card, self.plan))
        self.mandate, self.by_itself = self._mandate()
        self.open = world.place(self.card, self.plan)
        self.attempt = world.send(self.open)
        world.hear(self.attempt, "unknown")
        self.sold = self._sold("store", self.store)
        self.topped = named(world.top_up(self.other_card, 700, self.store))
        self.ordered = self._sold("partner", self.partner)
        self.partner_topped = named(
            world.top_up(self.other_card, 700, self.partner, channel="partner")
        )
        self.waiting = world.place_top_up(self.other_card, 900)
        self.wanted, self.left = (self._consent(name) for name in ("wanted", "left"))
        self.call, self.banner = self._call(), self._banner()
        self.devices: dict[str, Device] = {
            "till": world.terminal("till", self.store),
            "other_till": world.terminal("till", self.other_store),
            "kiosk": world.terminal("kiosk", self.store),
            "other_kiosk": world.terminal("kiosk", self.other_store),
            "revoked_till": world.terminal("till", self.store),
            "revoked_kiosk": world.terminal("kiosk", self.store),
        }
        for name in ("revoked_till", "revoked_kiosk"):
            terminals.revoke(self.devices[name].terminal.id, world.at)
        self.revoked_key = keys.make(self.partner.id, world.at)
        for key in APIKey.objects.filter(hint=self.revoked_key[-keys.HINT_LENGTH :]):
            keys.revoke(key.id, world.at)
        self.people = self._people()
        world.advance(seconds=1)  # Whoever begins to work now is there a moment later.
        self.parts = self._parts()

    def _card(self) -> cards.Card:
        """Make an eSIM that was bought here, with a service PIN."""
        card = self.world.card(
            kind="esim",
            smdp_address="smdp.testline.example",
            matching_id="MATCH-1",
            taken_at=self.world.at,
            balance=5000,
        )
        self.world.pin(card, PIN)
        return card

    def _holder(self, card: cards.Card) -> Person:
        email = f"{uuid.uuid4()}@testline.example"
        person: Person = Person.objects.create_user(email, PASSWORD)
        self.world.insert(
            "people_holding",
            id=ids.uuid7(self.world.at),
            account_id=card.account_id,
            person_id=person.id,
            starts_at=self.world.at,
        )
        return person

    def _sold(self, channel: str, payer: Owner) -> uuid.UUID:
        order = self.world.order(self.world.card(), self.plan, channel=channel)
        caller = self.world.caller(channel)
        return named(renewals.renew(caller, order, payer.account_id, self.world.at))

    def _call(self) -> uuid.UUID:
        its_id = ids.uuid7(self.world.at)
        self.world.insert(
            "people_returncall",
            id=its_id, phone="+351912000111", locale="en", note="", asked_at=self.world.at,
        )  # fmt: skip
        return its_id

    def _mandate(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Let a card be renewed by itself once; it stays switched on."""
        card = self.world.card(balance=9000)
        given = autorenewal.give_mandate(
            self.world.caller(),
            card.id,
            self.world.at,
            plan_id=None,
            words_version=autorenewal.VERSION,
            contact=notices.NOBODY,
        )
        assert given.outcome == "mandated"
        mandate = self.world.one("select id from autorenewal_mandate where card_id = %s", card.id)
        assert isinstance(mandate, uuid.UUID)
        return mandate, named(self.world.renew(card, self.plan, channel="auto"))

    def _consent(self, name: str) -> uuid.UUID:
        """Ask for messages about offers."""
        contact = notices.Contact(email=f"{name}@testline.example")
        notices.ask_for_offers(
            self.world.caller("web"), contact, notices.WORDS_VERSION, self.world.at
        )
        found: uuid.UUID = self.world.one(
            "select id from notices_consent where recipient = %s", contact.email
        )
        return found

    def _banner(self) -> uuid.UUID:
        its_id = ids.uuid7(self.world.at)
        self.world.insert(
            "trust_banner",
            id=its_id, text=Jsonb({"en": "Works tonight."}), channels=[], severity="info",
            starts_at=self.world.at,
        )  # fmt: skip
        return its_id

    def _people(self) -> dict[str, Person]:
        world, here, there = self.world, self.store, self.other_store
        manager = Role.STORE_MANAGER
        found = {
            "clerk": world.clerk(here, password=PASSWORD),
            "till_manager": world.clerk(here, manager, PASSWORD),
            "other_clerk": world.clerk(there, password=PASSWORD),
            "left_clerk": world.clerk(here, password=PASSWORD),
            "locked_clerk": world.clerk(here, password=PASSWORD),
            "clerk_at_home": world.clerk(here, password=PASSWORD),
            "manager": world.clerk(here, manager, PASSWORD),
            "other_manager": world.clerk(there, manager, PASSWORD),
            "support": world.staff(Role.SUPPORT),
            "finance": world.staff(Role.FINANCE),
            "owner": world.staff(Role.OWNER),
            "ended": world.staff(Role.OWNER),
            "holder": self.holder,
            "other_holder": self.other_holder,
        }
        staff.let_go(found["ended"], world.at)
        return found

    def _parts(self) -> dict[str, str]:
        """Say what stands in the place of each part of an address; whole addresses go first."""
        world = self.world
        key = APIKey.objects.filter(partner_id=self.partner.id, revoked_at=None).get()
        clerk, till = self.people["clerk"], self.devices["till"].terminal
        renewal = addresses.token("rnw", self.open)
        parts = {
            "<slug:gateway>": "sandbox",
            "<card:card_id>": addresses.token("crd", self.card.id),
            "/renewals/<renewal:renewal_id>/esim": (
                f"/renewals/{addresses.token('rnw', self.bought)}/esim"
            ),
            "/renewals/<receipt:renewal_id>/receipt.pdf": (
                f"/renewals/{ids.outside('rnw', self.sold)}/receipt.pdf"
            ),
            "/top-ups/<topup-receipt:top_up_id>/receipt.pdf": (
                f"/top-ups/{ids.outside('top', self.topped)}/receipt.pdf"
            ),
            "<renewal:renewal_id>": renewal,
            "<mandate:mandate_id>": addresses.token("mnd", self.mandate),
            "<stop:mandate_id>": addresses.token("mnd", self.mandate, addresses.STOPPING),
            "<stop-renewal:renewal_id>": addresses.token("rnw", self.by_itself, addresses.STOPPING),
            "<receipt:renewal_id>": ids.outside("rnw", self.open),
            "/leave/<consent:consent_id>": f"/leave/{ids.outside('ntc', self.left)}",
            "<consent:consent_id>": ids.outside("ntc", self.wanted),
            "<topup:top_up_id>": addresses.token("top", self.waiting),
            "<topup-receipt:top_up_id>": ids.outside("top", self.waiting),
            "<path:code>": till.code,
            "<str:renewal>": ids.outside("rnw", self.ordered),
            "<str:top_up>": ids.outside("top", self.partner_topped),
            "<slug:guide>": "online",
            "<slug:plan>": self.plan.code,
            "<slug:code>": self.plan.code,
            "<int:minor>": "1000",
            "<till_card:card_id>": ids.outside("crd", self.card.id),
            "<till_renewal:renewal_id>": ids.outside("rnw", self.sold),
            "<till_renewal:inner>": ids.outside("rnw", self.sold),
            "<till_top_up:top_up_id>": ids.outside("top", self.topped),
            "<till_top_up:inner>": ids.outside("top", self.topped),
            "<slug:paper>": "58",
            "<uidb64>": urlsafe_base64_encode(force_bytes(clerk.pk)),
            "<token>": default_token_generator.make_token(clerk),
            "<slug:kind>.csv": f"sums.csv?day={world.at:%Y-%m-%d}",
            "<slug:kind>/<uuid:its_id>": f"attempt/{self.attempt.id}",
            "/calls/<uuid:its_id>": f"/calls/{self.call}",
            "/jobs/<uuid:its_id>": f"/jobs/{self._dead_job()}",
            "<uuid:card_id>": str(self.card.id),
            "<uuid:stop_id>": str(self._held_back()),
            "<slug:event>": "suspend",
            "<uuid:renewal_id>": str(self.sold),
            "/stores/<uuid:firm_id>": f"/stores/{self.store.id}",
            "<uuid:firm_id>": str(self.partner.id),
            "<uuid:partner_id>": str(self.partner.id),
            "<uuid:key_id>": str(key.id),
            "<uuid:terminal_id>": str(till.id),
            "<uuid:person_id>": str(clerk.id),
            "<uuid:banner_id>": str(self.banner),
            "<slug:name>": "kiosk",
            "<int:session_id>": "1",
            "<int:passkey_id>": "1",
        }
        for table in TABLES:
            meta = table.model._meta
            row = self.world.one(f"select {meta.pk.column} from {meta.db_table} limit 1")
            prefix = f"/office/tables/{meta.label_lower.replace('.', '-')}/"
            parts[f"{prefix}<path:object_id>"] = f"{prefix}{row}"
        return parts

    def _held_back(self) -> uuid.UUID:
        """Let automatic charges of a card, and all of them, wait for a person."""
        stop = ids.uuid7(self.world.at)
        self.world.insert(
            "autorenewal_parked",
            id=stop,
            account_id=self.card.account_id,
            card_id=self.card.id,
            reason="card_day_max",
            facts=Jsonb({"charges": 3}),
            since=self.world.at,
            owner="support",
            released_by="",
        )
        self.world.insert(
            "autorenewal_stop",
            id=stop,
            scope="operator",
            since=self.world.at,
            charged=9,
            expected=1,
            allowed=5,
            released_by="",
        )
        return stop

    def _dead_job(self) -> uuid.UUID:
        job = self.world.one("select id from jobs_job order by id limit 1")
        self.world.owner.execute("update jobs_job set state = 'dead' where id = %s", [job])
        return uuid.UUID(str(job))

    def address(self, pattern: str) -> str:
        """Put things into the places of an address as the resolver spells it."""
        found = pattern
        for part in sorted(self.parts, key=len, reverse=True):
            found = found.replace(part, self.parts[part])
        assert "<" not in found, f"say in Things._parts what stands in {found}"
        return found

    def form(self) -> dict[str, str]:
        """Fill in what any form may ask for, with a request id of its own."""
        return {
            "request_id": str(uuid.uuid4()),
            "number": self.card.iccid,
            "iccid": self.card.iccid,
            "email": "clerk@testline.example",
            "password": PASSWORD,
            "language": "en",
            "means": "balance",
            "by": "card",
            "wanted": "off",
            "plan": self.plan.code,
            "amount": "1000",
            "pin": "4826",
            "role": "owner",
            "reason": "asked",
            "reference": "theirs-1",
            "payment": ids.outside("rnw", self.ordered),
            "CallSid": "CA1",
            "From": "+351912345678",
            "CallStatus": "completed",
        }

    def traces(self) -> dict[str, str | None]:
        """Mark what each table holds, but for sessions, caches and when a till was seen."""
        tables = self.world.all(
            "select c.relname from pg_class c where c.relkind in ('r', 'p')"
            " and not c.relispartition and c.relnamespace = 'public'::regnamespace"
            " and c.relname <> all(%s) order by 1",
            WRITTEN_ALWAYS,
        )
        row = "md5((to_jsonb(t) - 'last_seen_at')::text)"
        marks = ", ".join(
            f"(select md5(string_agg({row}, '' order by {row})) from {name} t)"
            for (name,) in tables
        )
        (found,) = self.world.all(f"select {marks}")
        return dict(zip((name for (name,) in tables), found, strict=True))


def named(answer: Answer) -> uuid.UUID:
    """Give the id of what a verb made."""
    assert answer.id is not None, answer
    return answer.id
