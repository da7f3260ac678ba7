"""Callbacks by month."""

from django.db import migrations


class Migration(migrations.Migration):
    """What Django's models cannot say of payments."""

    dependencies = [("payments", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """
            create table payments_callback (
                id uuid not null,
                gateway varchar(20) not null,
                received_at timestamptz not null,
                headers jsonb not null,
                body bytea not null,
                event_id varchar(120) not null,
                attempt_key varchar(64) not null,
                state varchar(10) not null,
                constraint callback_state_is_known check (state in ('matched', 'parked'))
            ) partition by range (received_at);
            create index callback_parked on payments_callback (attempt_key)
                where state = 'parked';
            create index callback_by_event on payments_callback (gateway, event_id);
            create table payments_callback_rest partition of payments_callback default;
            """
        ),
    ]
