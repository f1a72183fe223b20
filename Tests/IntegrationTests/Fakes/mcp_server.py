#!/usr/bin/env python3
"""An MCP server on standard input and output with two tools, one of them with a name longer than OpenAI's API takes. Standard library only."""
import json
import sys

SCHEMA = {"type": "object", "properties": {"key": {"type": "string", "description": "What is looked up."}}, "required": ["key"]}
TOOLS = [
    {"name": "lookup", "description": "Looks a key up in the notes of the fake.", "inputSchema": SCHEMA},
    {"name": "lookup_in_the_archive_of_all_that_was_ever_written_down_here", "description": "Looks a key up in the archive of the fake.",
     "inputSchema": SCHEMA},
]


def result(method, parameters):
    if method == "initialize":
        return {"protocolVersion": parameters["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "fake", "version": "1"}}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        place = "archive" if parameters["name"] == TOOLS[1]["name"] else "notes"
        return {"content": [{"type": "text", "text": f"the {place} say of {parameters['arguments']['key']}: forty-two"}]}
    return {}


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result(request["method"], request.get("params", {}))}), flush=True)
