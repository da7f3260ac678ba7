"""Transfers cannot be edited, balances change in place, roll-ups begin at the first transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    """What Django's models cannot say of the ledger."""

    dependencies = [("ledger", "0001_initial"), ("database", "0002_history_and_rules")]
    operations = [
        migrations.RunSQL(
            "create trigger transfer_is_append_only before update or delete or truncate"
            " on ledger_transfer for each statement execute function refuse_change();"
            "insert into ledger_watermark (name, through)"
            " values ('accounts', '0'), ('cohorts', '0');"
        ),
        # Room on each page for the next version of a row: no index has the balance, so changing
        # it then writes to none.
        migrations.RunSQL("alter table ledger_account set (fillfactor = 80);"),
    ]
