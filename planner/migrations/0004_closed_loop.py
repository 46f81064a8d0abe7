"""The closed loop: nodes, jobs, measurements, calibrations, validations; a measurement is written once."""

import django.db.models.deletion
import django.db.models.functions.datetime
import planner.models.fields
import uuid
from django.conf import settings
from django.db import migrations, models

TRIGGER = """
CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION planner_refuse_change();
"""
TABLES = ("planner_measurement",)


class Migration(migrations.Migration):

    dependencies = [
        ('planner', '0003_forecasts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Calibration',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=80)),
                ('device', models.CharField(max_length=200)),
                ('stack', models.CharField(max_length=120)),
                ('document', planner.models.fields.DocumentField()),
                ('digest', models.CharField(max_length=64)),
                ('base', models.CharField(max_length=80)),
                ('note', models.CharField(blank=True, max_length=2000)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('shared', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('issued', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('recipe', models.CharField(max_length=40)),
                ('version', models.PositiveSmallIntegerField()),
                ('params', planner.models.fields.DocumentField()),
                ('needs', planner.models.fields.DocumentField()),
                ('cost_s', models.FloatField(help_text='Device-seconds that it is expected to take.')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('assigned', 'Assigned'), ('running', 'Running'), ('measured', 'Measured'), ('failed', 'Failed'), ('crashed', 'Crashed'), ('cancelled', 'Cancelled')], default='queued', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.BigIntegerField(default=0)),
                ('assigned_until', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('progress', planner.models.fields.DocumentField(default=dict)),
                ('problems', planner.models.fields.DocumentField(default=list)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('started', models.DateTimeField(blank=True, null=True)),
                ('finished', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='JoinToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires', models.DateTimeField()),
                ('used', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fence', models.BigIntegerField()),
                ('started', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended', models.DateTimeField(blank=True, null=True)),
                ('why', models.CharField(blank=True, max_length=40)),
                ('log', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Measurement',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('recipe', models.CharField(max_length=40)),
                ('version', models.PositiveSmallIntegerField()),
                ('params', planner.models.fields.DocumentField()),
                ('document', planner.models.fields.DocumentField()),
                ('digest', models.CharField(max_length=64)),
                ('device', models.CharField(max_length=10)),
                ('name', models.CharField(max_length=200)),
                ('stack', models.CharField(max_length=120)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Node',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('executor', models.CharField(choices=[('local', 'This machine'), ('slurm', 'Slurm')], max_length=10)),
                ('slots', models.PositiveSmallIntegerField(default=1, help_text='Jobs at once.')),
                ('state', models.CharField(choices=[('active', 'Active'), ('draining', 'Draining'), ('removed', 'Removed')], default='active', max_length=10)),
                ('capability', planner.models.fields.DocumentField()),
                ('agent_version', models.CharField(max_length=40)),
                ('public_key', models.CharField(max_length=64)),
                ('joined', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('last_seen', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Validation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('budget_s', models.FloatField(help_text='Device-seconds that its jobs may take together.')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('measuring', 'Measuring'), ('calibrating', 'Calibrating'), ('solving', 'Solving again'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=12)),
                ('choice', planner.models.fields.DocumentField(default=dict)),
                ('before', planner.models.fields.DocumentField(default=dict)),
                ('problems', planner.models.fields.DocumentField(default=list)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('finished', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='outboxentry',
            name='bell',
            field=models.CharField(choices=[('solve', 'Solve this run'), ('dispatch', 'Give jobs to nodes'), ('validate', 'Take validations a step on')], default='solve', max_length=10),
        ),
        migrations.AlterField(
            model_name='outboxentry',
            name='run',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='planner.run'),
        ),
        migrations.AddConstraint(
            model_name='outboxentry',
            constraint=models.CheckConstraint(condition=models.Q(('bell__in', ['solve', 'dispatch', 'validate'])), name='outbox_bell_known'),
        ),
        migrations.AddConstraint(
            model_name='outboxentry',
            constraint=models.CheckConstraint(condition=models.Q(('bell', 'solve'), ('run', None), _connector='XOR'), name='outbox_names_its_run'),
        ),
        migrations.AddField(
            model_name='calibration',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='calibration',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calibrations', to='planner.project'),
        ),
        migrations.AddField(
            model_name='calibration',
            name='shared_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='job',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='planner.project'),
        ),
        migrations.AddField(
            model_name='job',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='job',
            name='run',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='planner.run'),
        ),
        migrations.AddField(
            model_name='jointoken',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='jointoken',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='planner.project'),
        ),
        migrations.AddField(
            model_name='lease',
            name='job',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='leases', to='planner.job'),
        ),
        migrations.AddField(
            model_name='measurement',
            name='job',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='measurement', to='planner.job'),
        ),
        migrations.AddField(
            model_name='measurement',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measurements', to='planner.project'),
        ),
        migrations.AddField(
            model_name='node',
            name='joined_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='node',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nodes', to='planner.project'),
        ),
        migrations.AddField(
            model_name='measurement',
            name='node',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measurements', to='planner.node'),
        ),
        migrations.AddField(
            model_name='lease',
            name='node',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='leases', to='planner.node'),
        ),
        migrations.AddField(
            model_name='jointoken',
            name='node',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='planner.node'),
        ),
        migrations.AddField(
            model_name='job',
            name='avoid',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='planner.node'),
        ),
        migrations.AddField(
            model_name='job',
            name='node',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='planner.node'),
        ),
        migrations.AddField(
            model_name='credential',
            name='node',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='planner.node'),
        ),
        migrations.AddField(
            model_name='validation',
            name='after',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='planner.run'),
        ),
        migrations.AddField(
            model_name='validation',
            name='calibration',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='validations', to='planner.calibration'),
        ),
        migrations.AddField(
            model_name='validation',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='validations', to='planner.project'),
        ),
        migrations.AddField(
            model_name='validation',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='validation',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='validations', to='planner.run'),
        ),
        migrations.AddField(
            model_name='job',
            name='validation',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='planner.validation'),
        ),
        migrations.AddIndex(
            model_name='calibration',
            index=models.Index(fields=['project', 'kind', 'name', '-created'], name='calibration_by_name'),
        ),
        migrations.AddIndex(
            model_name='calibration',
            index=models.Index(condition=models.Q(('shared', True)), fields=['kind', 'name', '-created'], name='calibration_shared'),
        ),
        migrations.AddConstraint(
            model_name='calibration',
            constraint=models.UniqueConstraint(fields=('project', 'digest'), name='calibration_once'),
        ),
        migrations.AddConstraint(
            model_name='node',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'removed'), _negated=True), fields=('project', 'name'), name='node_once'),
        ),
        migrations.AddConstraint(
            model_name='node',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'draining', 'removed'])), name='node_state_known'),
        ),
        migrations.AddConstraint(
            model_name='node',
            constraint=models.CheckConstraint(condition=models.Q(('executor__in', ['local', 'slurm'])), name='node_executor_known'),
        ),
        migrations.AddIndex(
            model_name='measurement',
            index=models.Index(fields=['project', '-created', '-id'], name='measurement_newest'),
        ),
        migrations.AddIndex(
            model_name='measurement',
            index=models.Index(fields=['project', 'recipe', '-created'], name='measurement_by_recipe'),
        ),
        migrations.AddIndex(
            model_name='lease',
            index=models.Index(fields=['node', '-id'], name='lease_by_node'),
        ),
        migrations.AddConstraint(
            model_name='lease',
            constraint=models.UniqueConstraint(fields=('job', 'fence'), name='lease_once'),
        ),
        migrations.AddIndex(
            model_name='validation',
            index=models.Index(fields=['project', '-created', '-id'], name='validation_newest'),
        ),
        migrations.AddIndex(
            model_name='validation',
            index=models.Index(condition=models.Q(('state__in', ('done', 'failed', 'cancelled')), _negated=True), fields=['created'], name='validation_open'),
        ),
        migrations.AddConstraint(
            model_name='validation',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'measuring', 'calibrating', 'solving', 'done', 'failed', 'cancelled'])), name='validation_state_known'),
        ),
        migrations.AddConstraint(
            model_name='validation',
            constraint=models.CheckConstraint(condition=models.Q(('budget_s__gt', 0)), name='validation_has_a_budget'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['project', '-created', '-id'], name='job_newest'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['project', 'created', 'id'], name='job_queue'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state__in', ('assigned', 'running'))), fields=['node'], name='job_on_node'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['lease_until'], name='job_leases'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state', 'assigned')), fields=['assigned_until'], name='job_promises'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'assigned', 'running', 'measured', 'failed', 'crashed', 'cancelled'])), name='job_state_known'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('assigned', 'running')), _negated=True), ('node__isnull', False), _connector='OR'), name='job_has_its_node'),
        ),
        *(
            migrations.RunSQL(TRIGGER.format(table=table), f"DROP TRIGGER {table}_written_once ON {table};")
            for table in TABLES
        ),
    ]
