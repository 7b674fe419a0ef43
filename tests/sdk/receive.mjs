// What the SDK for JavaScript makes of requests: see receive.py. The folder of the SDK is the first argument.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { resolve } from "node:path";

const { HTTP } = createRequire(resolve(process.argv[2], "package.json"))("cloudevents");

for await (const line of createInterface({ input: process.stdin })) {
  const { headers, body } = JSON.parse(line);
  let out;
  try {
    // As frameworks hand it over: names in lower case, text where it is text.
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const bytes = Buffer.from(body, "base64");
    const event = HTTP.toEvent({ headers: lower, body: bytes.length ? bytes.toString() : undefined });
    const { data, data_base64, ...attributes } = event;
    // Bytes come as an array of numbers of 32 bits, one for each.
    const told = ArrayBuffer.isView(data) ? { base64: Buffer.from(Array.from(data)).toString("base64") } : { json: data };
    out = { attributes, data: data === undefined ? null : told };
  } catch (error) {
    out = { error: `${error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(out));
}
