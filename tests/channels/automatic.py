"""The automatic channel: a mandate given on the web, and the due sweep that acts on it.

No person speaks to a sweep. What people see of it is asked for instead: the card's page with the
renewal that it lists, and the notices that went to whoever gave the mandate. A number is entered
where automatic renewal is switched on, on the web.
"""

import re
from typing import Final

from everline import autorenewal, catalogue, notices
from everline.cards import Card
from everline.errors import SENTENCES, Code
from tests.channels.door import Told
from tests.channels.web import STATES
from tests.reader import Browser
from tests.world import Plan, World

NOTICES_MAX: Final = 10


class Mandate:
    """One subscriber who switched automatic renewal on at the first purchase, in one language."""

    means = frozenset({"balance"})

    def __init__(self, world: World, locale: str) -> None:
        self.world = world
        self.browser = Browser(world, locale)
        self.beforehand = 0
        self.contact = "nina@testline.example"

    def funds(self, card: Card, amount: int) -> None:
        """Top the card's balance up."""
        self.world.fund(card.account_id, "balance", amount)

    def ask(self, card: Card, plan: Plan) -> str:
        """Buy the first term, tick the box, and let the time come at which it is charged."""
        browser = self.browser
        self.world.fund(card.account_id, "balance", plan.price)
        browser.sign_in(card)
        where, fields = browser.choose(card, plan).form(f"/plans/{plan.code}")
        told = {"means": "balance", "auto": "on", "contact": self.contact}
        browser.post(where, fields | told)
        self.world.deliver_all()
        self.world.send_all()
        self.beforehand = 1
        standing = autorenewal.standing(card.id, self.world.at)
        assert standing is not None, browser.text
        assert standing.next_at is not None
        self.world.at = standing.next_at
        return card.iccid

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Let a worker sweep; a second one, or one that died, finds the rung answered."""
        swept = autorenewal.renew_due(self.world.at)
        if not listens:
            return Told("lost", "")
        self.browser.enter(request)
        return self.noticed() if swept.refused else self.listed()

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Take no bank card: a mandate is paid from the balance."""
        raise NotImplementedError

    def look(self, card: Card) -> Told:
        """Look at the card's page, and from there at its last renewal."""
        self.browser.enter(card.iccid)
        return self.listed()

    def sentence(self, code: Code) -> str:
        """Say refusals in the words of the catalogue, by notice."""
        return SENTENCES[code]

    def look_up(self, number: str) -> Told:
        """Enter a number where automatic renewal could be switched on."""
        self.browser.enter(number)
        return Told("refused" if self.browser.status >= 400 else "shown", self.browser.text)

    def listed(self) -> Told:
        """Open the newest renewal that the card's page lists."""
        found = re.search(r'<li>\s*<a href="(/renewals/[^"/]+)">', self.browser.page)
        assert found is not None, self.browser.text
        self.browser.get(found[1])
        for outcome, titles in STATES.items():
            if self.browser.title in titles:
                return Told(outcome, self.browser.text)
        return Told("shown", self.browser.text)

    def noticed(self) -> Told:
        """Read what was written to whoever gave the mandate."""
        policy = catalogue.policy()
        letters = [
            notice.words(policy).text
            for notice in notices.newest(NOTICES_MAX)
            if notice.template == "auto_failed"
        ]
        return Told("refused", "\n".join(letters))
