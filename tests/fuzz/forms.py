"""Two exact views of the OpenAPI document, one per way to send an event.

A field may stand in the JSON body or in the query string, and OpenAPI has no way to say "in one of the
two". FORM=body keeps the bodies, FORM=query the query strings; each then says exactly what is taken.
"""

import json
import os

import schemathesis


def only_body(post):
    post.pop("parameters", None)
    contents = post["requestBody"]["content"]
    if "application/x-ndjson" in contents:
        # OpenAPI 3.1 can only say that lines are text; they are the array's elements.
        contents["application/x-ndjson"] = contents["application/json"]
    for content in contents.values():
        post["requestBody"]["required"] = "required" in content["schema"] or "items" in content["schema"]


def only_query(post):
    body = post.pop("requestBody")["content"]["application/json"]["schema"]
    for parameter in post["parameters"]:
        parameter["required"] = parameter["name"] in body.get("required", [])


@schemathesis.hook
def before_load_schema(context, raw_schema):
    form = os.environ["FORM"]
    for path, operations in list(raw_schema["paths"].items()):
        post = operations.get("post")
        if not post:
            continue
        if form == "body":
            only_body(post)
        elif "parameters" in post:
            only_query(post)
        else:
            del raw_schema["paths"][path]  # batches have no query form


@schemathesis.serializer("application/x-ndjson")
def ndjson(context, value):
    lines = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(line) for line in lines).encode()
