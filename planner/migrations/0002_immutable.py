"""Results and audit entries are written once: Postgres itself refuses every UPDATE and DELETE of them."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION planner_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: its rows are written once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
TRIGGER = """
CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION planner_refuse_change();
"""
TABLES = ("planner_result", "planner_auditentry")


class Migration(migrations.Migration):
    dependencies = [("planner", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION planner_refuse_change();"),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER {table}_written_once ON {table};")
            for table in TABLES
        ),
    ]
