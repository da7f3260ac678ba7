"""By whose clock a store's opening hours are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_roles"),
    ]

    operations = [
        migrations.AddField(
            model_name="retailer",
            name="zone",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
