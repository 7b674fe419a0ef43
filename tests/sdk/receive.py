"""What the SDK for Python makes of requests: a JSON object {headers, body} a line in (the body in Base64), and a JSON
object {attributes, data, error} a line out, the data in Base64 where it is bytes."""

import base64
import json
import sys

from cloudevents.http import from_http

for line in sys.stdin:
    request = json.loads(line)
    try:
        event = from_http(request["headers"], base64.b64decode(request["body"]))
        data = event.data
        if isinstance(data, bytes):
            data = {"base64": base64.b64encode(data).decode()}
        elif data is not None:
            data = {"json": data}
        out = {"attributes": {name: value for name, value in event.get_attributes().items()}, "data": data}
    except Exception as error:  # whatever it is, the test shows it
        out = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(out, default=str), flush=True)
