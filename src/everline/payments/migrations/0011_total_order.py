"""Charges are sent in a total order: those placed at one instant go by their id."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """One index takes another's place, and no write waits for it."""

    atomic = False

    dependencies = [("payments", "0010_disputes")]

    operations = [
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index(
                fields=["gateway", "created_at", "id"],
                condition=models.Q(("is_unattended", True), ("state", "created")),
                name="attempt_to_send_next",
            ),
        ),
        RemoveIndexConcurrently(model_name="attempt", name="attempt_to_send"),
    ]
