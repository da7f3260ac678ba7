"""The queue's order is total: what is due at one instant goes by its id. No write waits for it."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """One index takes another's place."""

    atomic = False

    dependencies = [("jobs", "0002_domains")]

    operations = [
        AddIndexConcurrently(
            model_name="job",
            index=models.Index(fields=["state", "run_at", "id"], name="job_by_state_and_id"),
        ),
        RemoveIndexConcurrently(model_name="job", name="job_by_state"),
    ]
