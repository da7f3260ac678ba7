from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0003_warning_times"),
    ]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="document_check",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
    ]
