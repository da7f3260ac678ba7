"""Notices by month of their fact."""

from django.db import migrations


class Migration(migrations.Migration):
    """What Django's models cannot say of notices."""

    dependencies = [("notices", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """
            create table notices_notice (
                id uuid not null,
                account_id uuid not null,
                fact_id uuid not null,
                at timestamptz not null,
                template varchar(32) not null,
                medium varchar(8) not null,
                recipient varchar(200) not null,
                locale varchar(10) not null,
                facts jsonb not null,
                state varchar(8) not null,
                sent_at timestamptz,
                constraint notice_is_written_once unique (at, fact_id, template, medium, recipient),
                constraint notice_state_is_known check (state in ('waiting', 'sent', 'failed')),
                constraint notice_medium_is_known check (medium in ('email', 'sms'))
            ) partition by range (at);
            create index notice_by_id on notices_notice (id);
            create index notice_by_account on notices_notice (account_id, at);
            create table notices_notice_rest partition of notices_notice default;
            """
        ),
    ]
