#!/usr/bin/env python3
"""The corpus of SchemaAgreementTests through the jsonschema library: schema_corpus.py SCHEMA CORPUS.

SCHEMA is what `anyclaude schema` prints, CORPUS what the test writes with ANYCLAUDE_CORPUS=FILE: one JSON object a line, with a
configuration and the verdicts of our validator and of the checker. Ends with 1 where the library judges otherwise than our validator.
"""
import json
import re
import sys

import jsonschema

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)


def anchored(node):
    """The schema with patterns that mean in Python what they mean in ECMA-262, whose `$` does not match before a final newline."""
    if isinstance(node, list):
        return [anchored(element) for element in node]
    if not isinstance(node, dict):
        return node
    end = lambda pattern: re.sub(r"(?<!\\)\$", r"\\Z", pattern)
    result = {}
    for key, value in node.items():
        if key == "pattern" and isinstance(value, str):
            result[key] = end(value)
        elif key == "patternProperties":
            result[key] = {end(pattern): anchored(inner) for pattern, inner in value.items()}
        else:
            result[key] = anchored(value)
    return result


validator = jsonschema.Draft7Validator(anchored(schema))
total = accepted = stricter = 0
wrong = []
for line in open(sys.argv[2], encoding="utf-8"):
    case = json.loads(line)
    verdict = validator.is_valid(case["value"])
    total += 1
    accepted += verdict
    # What the checker alone refuses; AllowedDifference has the reasons.
    stricter += verdict and not case["checker"]
    if verdict != case["schema"]:
        wrong.append(case)
for case in wrong[:20]:
    print(f"{case['name']}: the library says {not case['schema']}, our validator {case['schema']}: {json.dumps(case['value'])[:200]}")
print(f"{total} configurations, {accepted} accepted, {stricter} refused by the checker alone, {len(wrong)} judged otherwise by the library")
sys.exit(1 if wrong or not total else 0)
