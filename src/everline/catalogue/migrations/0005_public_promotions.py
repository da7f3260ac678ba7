from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0004_document_check"),
    ]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="is_public",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
