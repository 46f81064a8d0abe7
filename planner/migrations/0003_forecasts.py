"""The register of forecasts; Postgres itself refuses to change a row of it, or to freeze one at another time.

A time that was given would be worth nothing, so what is frozen is frozen when its transaction began.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import planner.models.fields
import uuid
from django.conf import settings
from django.db import migrations, models

THEN = """
CREATE FUNCTION planner_refuse_other_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.frozen_at IS DISTINCT FROM transaction_timestamp() THEN
        RAISE EXCEPTION 'INSERT on % refused: a forecast is frozen now and at no other time', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER planner_forecast_frozen_now BEFORE INSERT ON planner_forecast
    FOR EACH ROW EXECUTE FUNCTION planner_refuse_other_time();
"""
ANY_TIME = """
DROP TRIGGER planner_forecast_frozen_now ON planner_forecast;
DROP FUNCTION planner_refuse_other_time();
"""
TRIGGER = """
CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION planner_refuse_change();
"""
TABLES = ("planner_forecast", "planner_outcome")


class Migration(migrations.Migration):

    dependencies = [
        ('planner', '0002_immutable'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('note', models.CharField(blank=True, max_length=2000)),
                ('document', planner.models.fields.DocumentField()),
                ('digest', models.CharField(max_length=64)),
                ('frozen_at', models.DateTimeField()),
                ('frozen_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forecasts', to='planner.project')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='forecast', to='planner.run')),
            ],
        ),
        migrations.CreateModel(
            name='Outcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('loss', models.FloatField()),
                ('params', models.FloatField(blank=True, null=True)),
                ('tokens', models.FloatField(blank=True, null=True)),
                ('measured_at', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=2000)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('score', planner.models.fields.DocumentField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('forecast', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='planner.forecast')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='forecast',
            index=models.Index(fields=['project', '-frozen_at', '-id'], name='forecast_newest'),
        ),
        migrations.AddConstraint(
            model_name='outcome',
            constraint=models.UniqueConstraint(fields=('forecast', 'number'), name='outcome_once'),
        ),
        migrations.AddConstraint(
            model_name='outcome',
            constraint=models.CheckConstraint(condition=models.Q(('number', 1), models.Q(('reason', ''), _negated=True), _connector='OR'), name='outcome_corrected_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='outcome',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1), ('loss__gt', 0)), name='outcome_sound'),
        ),
        migrations.RunSQL(THEN, ANY_TIME),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER {table}_written_once ON {table};")
            for table in TABLES
        ),
    ]
