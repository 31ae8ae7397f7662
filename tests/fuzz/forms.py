"""Two exact views of the OpenAPI document, one per way to send an event.

A field may stand in the JSON body or in the query string, and OpenAPI has no way to say "in one of the
two". FORM=body keeps the bodies, FORM=query the query strings; each then says exactly what is taken.
"""

import json
import os
import re

import schemathesis


def in_python(node):
    """OpenAPI's patterns are ECMAScript's, whose dot is no line break; Python's dot takes a carriage return."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        in_python(value)
    if isinstance(node, dict) and isinstance(node.get("pattern"), str):
        parts = r"\\.|\[(?:\\.|[^\]])*\]|\."
        dot = r"[^\n\r\u2028\u2029]"
        node["pattern"] = re.sub(parts, lambda part: dot if part[0] == "." else part[0], node["pattern"])


def only_events(items):
    """A row that can't be read is told in the right form, and rejected all the same: no good data."""
    items["oneOf"] = [form for form in items["oneOf"] if form.get("title") != "unreadable"]


def only_body(post):
    post.pop("parameters", None)
    contents = post["requestBody"]["content"]
    array = contents["application/json"]["schema"].get("items")
    if array:
        only_events(array)
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
    in_python(raw_schema["paths"])
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
