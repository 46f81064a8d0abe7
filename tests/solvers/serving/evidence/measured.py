"""Rows as a table of closed-loop measurements has them, for tests."""


def row(**cells: str) -> dict[str, str]:
    """A dense model on one H100 under vLLM, with other cells."""
    plain = {
        "id": "one",
        "backend": "vllm",
        "backend_version": "0.12.0",
        "model_path": "meta-llama/Llama-3.1-8B-Instruct",
        "system": "h100_sxm",
        "precision": "",
        "mode": "agg",
        "isl": "1024",
        "osl": "128",
        "gemm_quant_mode": "",
        "moe_quant_mode": "",
        "batch_size": "8",
        "concurrency": "8",
        "tp_size": "1",
        "pp_size": "1",
        "attention_dp_size": "1",
        "moe_tp_size": "1",
        "moe_ep_size": "1",
        "silicon_ttft_ms": "100",
        "silicon_tpot_ms": "8",
        "measured": "",
        "source": "gap-analysis sweep: a test",
    }
    return plain | cells
