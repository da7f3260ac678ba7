"""Where sweeps stand that look at very many rows, a slice a call."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One table, of as many rows as there are such sweeps."""

    dependencies = [("jobs", "0003_total_order")]

    operations = [
        migrations.CreateModel(
            name="Round",
            fields=[
                ("sweep", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("began_at", models.DateTimeField()),
                ("hour", models.DateTimeField(null=True)),
                ("at", models.DateTimeField(null=True)),
                ("last_id", models.UUIDField(null=True)),
                ("looked", models.IntegerField(default=0)),
                ("is_over", models.BooleanField()),
            ],
        ),
    ]
