"""A job's states are named by a domain, and one index finds what is due and what is dead."""

from django.db import migrations, models

from everline.database.fields import StateField


class Migration(migrations.Migration):
    """The state of a job, and its indexes."""

    dependencies = [("jobs", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "create domain job_state as varchar(8)"
            " constraint job_state_is_known check (value in ('ready', 'dead'))"
        ),
        migrations.RemoveConstraint(model_name="job", name="job_state_is_known"),
        migrations.AlterField(
            model_name="job",
            name="state",
            field=StateField(default="ready", domain="job_state", max_length=8),
        ),
        migrations.RemoveIndex(model_name="job", name="job_ready"),
        migrations.RemoveIndex(model_name="job", name="job_dead"),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["state", "run_at"], name="job_by_state"),
        ),
    ]
