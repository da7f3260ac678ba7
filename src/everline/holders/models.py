"""One-time codes: sent to an address, good for some minutes and a few tries.

The rows are written by the verbs of holders.sql alone; the typed face is codes.py. Who holds what
is a row of people.
"""

from django.db import models
from django.db.models import F, Q


class Code(models.Model):
    """A code that was sent: its keyed hash, and what it proves once it comes back.

    `sign_in` proves an address; `card` that `person` has `card_id` in hand; `address` that an
    address is `person`'s. The address is deleted when the code is used or too old.
    """

    id = models.UUIDField(primary_key=True)
    purpose = models.CharField(max_length=8)
    email = models.CharField(max_length=254, default="")
    phone = models.CharField(max_length=16, default="")
    code_hash = models.BinaryField()
    person_id = models.UUIDField(null=True)
    card_id = models.UUIDField(null=True)
    tries = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=["sign_in", "card", "address"]),
                name="code_purpose_is_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("sent_at")), name="code_is_good_for_a_while"
            ),
            models.CheckConstraint(
                condition=Q(purpose="sign_in") | Q(person_id__isnull=False),
                name="code_is_asked_for_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="code_by_end")]
