"""The OpenAPI document: what ninja derives from the operations, and what it cannot know.

Added are the problem answers that every operation can give, bodies as YAML, headers, and each kind's spec in full.
"""

from typing import Any

from planner.api.problem import MEDIA_TYPE
from planner.api.schemas import ErrorOut
from solvers import kinds
from solvers.documents import Document

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
ALWAYS = {
    "400": "The request is malformed, or carries two credentials.",
    "401": "No credentials, or wrong ones.",
    "403": "The token's scope or the user's role does not reach, or the CSRF token is missing.",
    "404": "There is none, or it belongs to a project of others.",
    "422": "The content is wrong: `problems` says where and what to do.",
    "429": "Too many requests; Retry-After says when to ask again.",
    "503": "The database cannot be reached; Retry-After says when to ask again.",
}
WITH_BODY = {"413": "The body is too large.", "415": "The body is neither JSON nor YAML."}
CONFLICT = {"409": "It clashes with the state of things."}
NOT_MODIFIED = {"304": {"description": "What the caller holds (If-None-Match) is still so."}}
CONDITIONAL = frozenset({"read_run", "read_result", "export_result", "read_statement"})
CAN_CONFLICT = frozenset(
    {
        "read_result",
        "export_result",
        "set_member",
        "remove_member",
        "submit_run",
        "freeze_forecast",
        "record_outcome",
        "join_node",
        "resume_node",
        "submit_job",
        "renew_job",
        "log_job",
        "finish_job",
    }
)
EXPORTS = ("application/json", "application/yaml", "text/markdown", "text/csv", "text/plain", "application/zip")
HEADERS = {
    "submit_run": {
        "Location": "Where the run is.",
        "X-Isoflop-Cache": "`hit` when history had the answer, else `miss`.",
        "Retry-After": "Seconds after which asking for the run makes sense.",
    },
    "read_run": {"ETag": "Changes when the run does."},
    "read_result": {"ETag": "Never changes: results are immutable."},
    "export_result": {"ETag": "Never changes: results are immutable."},
    "read_statement": {"ETag": "Never changes: forecasts are immutable."},
    "freeze_forecast": {"Location": "Where the forecast is."},
    "list_forecasts": {"Link": '`<...>; rel="next"`: the next page.'},
    "submit_job": {"Location": "Where the job is."},
    "list_jobs": {"Link": '`<...>; rel="next"`: the next page.'},
    "list_measurements": {"Link": '`<...>; rel="next"`: the next page.'},
    "list_runs": {"Link": '`<...>; rel="next"`: the next page.'},
}


def completed(document: Document) -> Document:
    """The document with everything added."""
    schemas = document["components"]["schemas"]
    error = ErrorOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(error.pop("$defs"))
    schemas["ErrorOut"] = error
    specs = [_spec(name, schemas) for name in kinds.names()]
    for body in ("RunAsked", "SpecAsked"):
        options = schemas[body]["properties"]["spec"]["anyOf"]
        schemas[body]["properties"]["spec"]["anyOf"] = [*specs, *(o for o in options if o.get("type") == "string")]
    for path in document["paths"].values():
        for method in METHODS & path.keys():
            _complete(path[method])
    return document


def _complete(operation: Document) -> None:
    name, responses = operation["operationId"], operation["responses"]
    content = operation.get("requestBody", {}).get("content")
    if content:
        content["application/yaml"] = content["application/json"]
    errors = ALWAYS | (WITH_BODY if content else {}) | (CONFLICT if name in CAN_CONFLICT else {})
    described = {status: _problem(words) for status, words in errors.items()}
    extra = {str(status): response for status, response in responses.items()}
    for response in extra.values():
        if name in HEADERS:
            response["headers"] = {h: _header(words) for h, words in HEADERS[name].items()}
        if name in ("read_result", "export_result"):
            response["content"] = {media_type: {"schema": {}} for media_type in EXPORTS}
    responses.clear()
    responses.update({**extra, **(NOT_MODIFIED if name in CONDITIONAL else {}), **described})
    if name == "submit_run":
        operation["parameters"].append(_idempotency_key())
    if name in CONDITIONAL:
        operation["parameters"].append(_header_parameter("If-None-Match", "ETags that the caller holds."))


def _problem(words: str) -> Document:
    schema = {"$ref": "#/components/schemas/ErrorOut"}
    return {"description": words, "content": {MEDIA_TYPE: {"schema": schema}}}


def _header(words: str) -> Document:
    return {"description": words, "schema": {"type": "string"}}


def _header_parameter(name: str, words: str, **schema: Any) -> Document:
    return {
        "in": "header",
        "name": name,
        "required": False,
        "description": words,
        "schema": {"type": "string", **schema},
    }


def _idempotency_key() -> Document:
    words = "The caller's own name for the request: sent again within a day, it gets the same run."
    return _header_parameter("Idempotency-Key", words, minLength=1, maxLength=255, pattern=r"^[!-~]+$")


def _spec(name: str, schemas: Document) -> Document:
    """A reference to a kind's spec, which is put among the components with all it refers to, under the kind's name."""
    schema = kinds.schema(name)
    title = f"{name.capitalize()}Spec"
    definitions = schema.pop("$defs", {})
    for inner, definition in {**definitions, title: schema}.items():
        key = title if inner == title else f"{name.capitalize()}{inner}"
        schemas[key] = _moved(definition, name.capitalize())
    return {"$ref": f"#/components/schemas/{title}"}


def _moved(value: Any, prefix: str) -> Any:
    """The schema with its references leading to the components."""
    if isinstance(value, dict):
        return {
            key: item.replace("#/$defs/", f"#/components/schemas/{prefix}") if key == "$ref" else _moved(item, prefix)
            for key, item in value.items()
        }
    return [_moved(item, prefix) for item in value] if isinstance(value, list) else value
