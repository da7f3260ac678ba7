"""What each channel may do, as operator data, so that no code asks which channel it is."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Channel(models.Model):
    """One of our channels: whether it is open, the means it takes and its limit a renewal."""

    code = models.CharField(max_length=16, primary_key=True)
    is_open = models.BooleanField(default=True)
    means = ArrayField(models.CharField(max_length=16))
    amount_max = models.JSONField(default=dict, blank=True)
