"""The dialogue as data: what each step says, which keys it takes, and where they lead.

Nothing is decided here. A step that asks has choices, a list or an entry; one that acts names a
function of acts.py and where each of its outcomes leads; one that ends hangs up. engine.py walks
the steps, scenes.py fills the sentences, docs/hotline.md is drawn from this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

PERSON_KEY: Final = "0"
REPEAT_KEY: Final = "*"
MISSES_MAX: Final = 2
"""How often a step is said again after silence or a wrong key; then a call back is offered."""

REFUSED: Final = "refused"
"""The outcome that leads where prompts.py says for the refusal's code."""

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; scenes.py translates it."""
    return sentence


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that is said only when the scene holds a fact."""

    text: str
    needs: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One key of a menu; without the fact that it needs it is neither said nor taken."""

    key: str
    says: str
    leads: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A number to key, `most` digits at most, ended by #, and the act that judges it."""

    most: int
    leads: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step; see the module. `scene` names who fills the sentences, if they have blanks."""

    name: str
    says: tuple[str | Line, ...] = ()
    scene: str = ""
    choices: tuple[Choice, ...] = ()
    listing: str = ""
    entry: Entry | None = None
    act: str = ""
    leads: Mapping[str, str] = field(default_factory=dict)
    ends: bool = False

    @property
    def asks(self) -> bool:
        """Whether keys are waited for."""
        return bool(self.choices or self.listing or self.entry)


def acting(act: str, **leads: str) -> Step:
    """Make a step that acts; its name is the act's, an outcome `refused` is always possible."""
    return Step(act, act=act, leads=MappingProxyType(leads))


ANOTHER_CARD: Final = _("For another card, press %(key)s.")
BACK: Final = _("To go back to the card, press %(key)s.")
WAY_OUT: Final = _("To speak with a person, press 0.")
END_OF_ENTRY: Final = _("Then press the hash key.")

_FINDING: Final = (
    Step("language", (_("Welcome to %(operator)s."),), scene="languages", listing="speak"),
    acting("speak", spoken="recognise"),
    acting("welcome", welcomed="recognise"),
    acting("recognise", known="look_at_card", unknown="find"),
    Step(
        "find",
        (_("Which card is it about?"),),
        choices=(
            Choice("1", _("To enter the phone number of the card, press %(key)s."), "phone"),
            Choice("2", _("To enter your customer number, press %(key)s."), "customer"),
            Choice(
                "3", _("If you have the code of a renewal that is open, press %(key)s."), "code"
            ),
            Choice("9", _("For another language, press %(key)s."), "language"),
        ),
    ),
    Step(
        "phone",
        (_("Enter the phone number of the card with its country code."), END_OF_ENTRY),
        entry=Entry(17, "find_by_phone"),
    ),
    acting("find_by_phone", found="look_at_card", spent="offer"),
    Step(
        "customer",
        (_("Enter your customer number."), END_OF_ENTRY),
        entry=Entry(12, "find_by_customer"),
    ),
    acting("find_by_customer", found="look_at_card", several="which", none="find", spent="offer"),
    Step("which", (_("You hold several cards."),), scene="held", listing="take_card"),
    acting("take_card", found="look_at_card", none="which"),
    Step(
        "code",
        (_("Enter the eight digits of the code."), END_OF_ENTRY),
        entry=Entry(9, "find_by_code"),
    ),
    acting("find_by_code", found="look_at_open", spent="offer"),
)

_CARD: Final = (
    acting("look_at_card", fine="menu", waiting="look_at_open"),
    Step(
        "menu",
        (
            _("The card that ends in %(ending)s."),
            Line(_("It is valid until %(until)s."), "valid"),
            Line(_("Its validity ended on %(ended)s."), "lapsed"),
            Line(_("It is ready for its first plan."), "fresh"),
            Line(
                _("A renewal of it is paid and is being delivered. Do not pay again."), "delivering"
            ),
        ),
        scene="card",
        choices=(
            Choice("1", _("To renew the plan %(same)s, press %(key)s."), "price_same", "same"),
            Choice("2", _("To choose a plan from the list, press %(key)s."), "list_plans"),
            Choice("3", _("To hear the data left and the balance, press %(key)s."), "ask_usage"),
            Choice("4", ANOTHER_CARD, "find"),
            Choice("9", _("For another language, press %(key)s."), "language"),
        ),
    ),
    acting("ask_usage", proved="usage", asked="pin_for_usage", none="menu", locked="menu"),
    Step(
        "pin_for_usage",
        (_("Enter your service PIN."), END_OF_ENTRY),
        entry=Entry(6, "prove", is_secret=True),
    ),
    acting("prove", proved="usage", wrong="pin_for_usage", locked="menu", none="menu"),
    Step(
        "usage",
        (
            Line(_("Your present plan is %(plan)s."), "running"),
            Line(_("Data left: %(left)s, as of %(as_of)s."), "running"),
            Line(_("No plan is running on this card."), "idle"),
            _("The balance is %(balance)s."),
        ),
        scene="usage",
        choices=(
            Choice("1", _("To hear this again, press %(key)s."), "usage"),
            Choice("2", BACK, "look_at_card"),
        ),
    ),
    Step(
        "closed",
        choices=(Choice("1", ANOTHER_CARD, "find"),),
    ),
    Step(
        "inactive",
        choices=(
            Choice("1", _("If its start code has digits alone, press %(key)s."), "code_of_digits"),
            Choice("2", _("If its start code has letters too, press %(key)s."), "code_of_letters"),
            Choice("3", ANOTHER_CARD, "find"),
        ),
    ),
    Step(
        "code_of_digits",
        (_("Enter the digits of the start code."), END_OF_ENTRY),
        entry=Entry(20, "activate_by_digits", is_secret=True),
    ),
    acting("activate_by_digits", activated="look_at_card"),
    Step(
        "code_of_letters",
        (
            _("Each letter or digit of the start code takes two keys."),
            _("For a letter, press the key that bears it, then its place on that key."),
            _("So A is 2 1, B is 2 2, and S is 7 4."),
            _("For a digit, press 0 and then the digit. So the digit 4 is 0 4."),
            END_OF_ENTRY,
        ),
        entry=Entry(40, "activate_by_letters", is_secret=True),
    ),
    acting("activate_by_letters", activated="look_at_card", wrong="code_of_letters"),
    Step(
        "unbound",
        choices=(
            Choice("1", _("To bind it to a device now, press %(key)s."), "device"),
            Choice("2", ANOTHER_CARD, "find"),
        ),
    ),
    Step(
        "device",
        (
            _("Enter the fifteen digits of the device's IMEI. Dial star, hash, 0 6, hash on it."),
            _("For the chip of an eSIM, enter the thirty-two digits of its EID instead."),
            END_OF_ENTRY,
        ),
        entry=Entry(33, "bind"),
    ),
    acting("bind", bound="look_at_card", chosen="price_again", wrong="device"),
)

_RENEWING: Final = (
    acting("price_same", priced="quote", none="list_plans"),
    acting("list_plans", some="plans", none="closed"),
    Step(
        "plans",
        (_("Choose a plan."),),
        scene="plans",
        listing="price_listed",
        choices=(
            Choice("8", BACK, "look_at_card"),
            Choice("9", _("To hear more plans, press %(key)s."), "more_plans", "more"),
        ),
    ),
    acting("more_plans", some="plans"),
    acting("price_listed", priced="quote", none="plans"),
    acting("price_again", priced="quote", waiting="look_at_open", none="look_at_card"),
    Step(
        "quote",
        (
            _("The plan %(plan)s, with %(data)s."),
            _("The total is %(total)s, tax included."),
            _("The new end is %(until)s."),
            "%(fate)s",
        ),
        scene="quote",
        choices=(
            Choice(
                "1",
                _("To agree and pay from the balance with your service PIN, press %(key)s."),
                "ask_pin",
                "balance",
            ),
            Choice(
                "2",
                _("To agree and get a link to pay in a text message, press %(key)s."),
                "send_link",
                "gateway",
            ),
            Choice("3", _("To choose another plan, press %(key)s."), "list_plans"),
            Choice("8", BACK, "look_at_card"),
        ),
    ),
    acting("ask_pin", asked="pin", none="quote", locked="quote"),
    Step(
        "pin",
        (_("Enter your service PIN to pay."), END_OF_ENTRY),
        entry=Entry(6, "pay", is_secret=True),
    ),
    acting("pay", paid="outcome", wrong="pin", locked="quote", none="quote"),
    acting("send_link", sent="linked"),
    Step(
        "linked",
        (
            _("The total is %(total)s. You can pay until %(deadline)s."),
            Line(_("The code of this renewal is %(code)s. I repeat: %(code)s."), "coded"),
            _("With it you can go on at any of our doors."),
        ),
        scene="open",
        choices=(
            Choice("1", _("To hear this again, press %(key)s."), "linked"),
            Choice("2", _("To hear how it stands, press %(key)s."), "outcome"),
            Choice("8", BACK, "look_at_card"),
        ),
    ),
    Step(
        "outcome",
        ("%(standing)s",),
        scene="outcome",
        choices=(
            Choice("1", _("To hear how it stands now, press %(key)s."), "outcome"),
            Choice("8", BACK, "look_at_card"),
        ),
    ),
)

_OPEN: Final = (
    acting("look_at_open", waiting="open", closed="look_at_card"),
    Step(
        "open",
        (
            _("A renewal of the card that ends in %(ending)s is open."),
            Line(_("It was opened %(channel)s, %(since)s."), "unsaid"),
            Line(_("The plan %(plan)s, the total is %(total)s."), "joinable"),
            Line(_("You can pay until %(deadline)s."), "unpaid"),
            Line(_("We are checking the payment. Do not pay again."), "unsure"),
        ),
        scene="open",
        choices=(
            Choice(
                "1",
                _("To pay it from the balance with your service PIN, press %(key)s."),
                "ask_pin_open",
                "payable",
            ),
            Choice(
                "2",
                _("To get a link to pay in a text message, press %(key)s."),
                "send_link_again",
                "linkable",
            ),
            Choice("3", _("To cancel it, press %(key)s."), "cancel", "joinable"),
            Choice("4", _("To hear how it stands now, press %(key)s."), "look_at_open"),
            Choice("5", ANOTHER_CARD, "find"),
        ),
    ),
    acting("ask_pin_open", asked="pin_open", none="open", locked="open"),
    Step(
        "pin_open",
        (_("Enter your service PIN to pay."), END_OF_ENTRY),
        entry=Entry(6, "pay_open", is_secret=True),
    ),
    acting("pay_open", paid="outcome", wrong="pin_open", locked="open", none="open"),
    acting("send_link_again", sent="linked"),
    acting("cancel", cancelled="look_at_card"),
)

_ENDING: Final = (
    Step(
        "offer",
        (_("A person can call you back."),),
        choices=(Choice("1", _("To be called back, press %(key)s."), "leave_call"),),
    ),
    acting("leave_call", left="called_back", anonymous="call_number"),
    Step(
        "call_number",
        (
            _("Enter the phone number at which we call you, with its country code."),
            END_OF_ENTRY,
        ),
        entry=Entry(17, "take_call"),
    ),
    acting("take_call", left="called_back", wrong="call_number", spent="goodbye"),
    Step(
        "called_back",
        (_("Thank you. A person will call you back. Goodbye."),),
        ends=True,
    ),
    Step("goodbye", (_("Thank you for calling. Goodbye."),), ends=True),
    Step(
        "trouble",
        (_("Something went wrong on our side. Please call again in a moment. Goodbye."),),
        ends=True,
    ),
)

FLOW: Final[Mapping[str, Step]] = MappingProxyType(
    {step.name: step for step in (*_FINDING, *_CARD, *_RENEWING, *_OPEN, *_ENDING)}
)
FIRST: Final = "language"
KNOWN: Final = "welcome"
"""Where a call begins of somebody whose language we remember."""

PERSON: Final = "leave_call"
OFFER: Final = "offer"
GOODBYE: Final = "goodbye"
TROUBLE: Final = "trouble"
