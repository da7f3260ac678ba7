"""Through when each gateway was asked which disputes were opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One table, of as many rows as there are gateways."""

    dependencies = [("payments", "0011_total_order")]

    operations = [
        migrations.CreateModel(
            name="Disputes",
            fields=[
                ("gateway", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("through", models.DateTimeField()),
            ],
        ),
    ]
