"""Runs as W&B and MLflow export them, shaped as their documentation has it; the numbers are made up."""

WANDB_PAGE = """\
"Name","State","Notes","User","Tags","Created","Runtime","Sweep","global_batch_size","lr","max_steps","model.n_params",\
"seq_len","seed","eval/loss","train/loss"
"ladder-70m","finished","-","ada","","2025-11-02T10:00:00.000Z","3600","","256","0.002","9000","70000000","1024","0",\
"3.412","3.398"
"ladder-160m","finished","-","ada","","2025-11-02T11:00:00.000Z","9100","","256","0.0015","12000","160000000","1024",\
"0","3.104","3.087"
"ladder-410m","crashed","-","ada","","2025-11-02T12:00:00.000Z","4100","","256","0.001","24000","410000000","1024",\
"0","3.555","3.541"
"ladder-410m-b","finished","-","ada","","2025-11-03T12:00:00.000Z","24100","","256","0.001","24000","410000000","1024",\
"0","2.801","2.788"
"eval-only","finished","-","ada","","2025-11-03T13:00:00.000Z","60","","","","","","","","",""
"""

WANDB_FRAME = """\
,summary,config,name
0,"{'_step': 8999, 'tokens_seen': 2359296000, 'val_loss': 3.41, '_wandb': {'runtime': 3600}}",\
"{'lr': 0.002, 'model': {'num_params': 70000000, 'layers': 6}}",ladder-70m
1,"{'_step': 2999, 'tokens_seen': 786432000, 'val_loss': nan, '_wandb': {'runtime': 1200}}",\
"{'lr': 0.2, 'model': {'num_params': 160000000, 'layers': 12}}",ladder-160m
2,"{'_step': 8999, 'tokens_seen': 4718592000, 'val_loss': 2.9, '_wandb': {'runtime': 7200}}",\
"{'lr': 0.001, 'model': {'num_params': 160000000, 'layers': 12}}",ladder-160m-b
"""

WANDB_JSON = """\
[{"id": "1ab2cd3e", "name": "a", "state": "finished", "config": {"params": {"value": 7e7, "desc": null}, "lr": \
{"value": 0.002, "desc": null}}, "summary": {"train_tokens": 2.0e9, "val_loss": 3.41}},
 {"id": "4fg5hi6j", "name": "b", "state": "killed", "config": {"params": {"value": 1.6e8}}, "summary": {}},
 {"id": "7kl8mn9o", "name": "c", "state": "finished", "config": {"params": {"value": 1.6e8, "desc": null}}, "summary": \
{"train_tokens": 4.0e9, "val_loss": "NaN"}}]
"""

MLFLOW_CSV = """\
run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.train_loss,metrics.val_loss,params.num_params,\
params.batch_tokens,params.total_steps,params.learning_rate,tags.mlflow.runName,tags.mlflow.user
0a1b,7,FINISHED,s3://m/7/0a1b,2025-11-02 10:00:00+00:00,2025-11-02 11:00:00+00:00,3.39,3.41,70000000,262144,9000,\
0.002,ladder-70m,ada
2c3d,7,FAILED,s3://m/7/2c3d,2025-11-02 11:00:00+00:00,2025-11-02 11:10:00+00:00,,,160000000,262144,18000,0.0015,\
ladder-160m,ada
4e5f,7,FINISHED,s3://m/7/4e5f,2025-11-02 12:00:00+00:00,2025-11-02 14:00:00+00:00,2.91,2.93,160000000,262144,18000,\
0.0015,ladder-160m,ada
"""

MLFLOW_PAGE = """\
"Start Time","Duration","Run ID","Name","Source Type","Source Name","User","Status","num_params","tokens","val_loss"
"2025-11-02 10:00:00","1.0h","0a1b","ladder-70m","LOCAL","train.py","ada","FINISHED","70000000","2.4e9","3.41"
"2025-11-02 12:00:00","2.0h","4e5f","ladder-160m","LOCAL","train.py","ada","FINISHED","160000000","4.7e9","2.93"
"""

MLFLOW_REST = """\
{"runs": [
  {"info": {"run_id": "0a1b", "run_name": "ladder-70m", "status": "FINISHED"},
   "data": {"metrics": [{"key": "val_loss", "value": 3.41, "timestamp": 1762077600000, "step": 9000}],
            "params": [{"key": "num_params", "value": "70M"}, {"key": "tokens", "value": "2.4B"}]}},
  {"info": {"run_id": "4e5f", "run_name": "ladder-160m", "status": "FINISHED"},
   "data": {"metrics": [{"key": "val_loss", "value": 2.93, "timestamp": 1762084800000, "step": 18000}],
            "params": [{"key": "num_params", "value": "160M"}, {"key": "tokens", "value": "4.7B"}]}}
]}
"""
