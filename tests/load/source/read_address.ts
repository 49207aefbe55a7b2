/** Reads the address of its argument as a load does: prints how many bytes came, or the error. */

import { errorReport } from "../../../src/errors.ts";
import { count } from "./reading.ts";

const address = Deno.args[0]!;
const { hostname, port } = new URL(address);
try {
  const bytes = await count(address, { kind: "any", hosts: [{ hostname, port: Number(port) }] });
  tell(`read ${bytes}`);
} catch (error) {
  const { code, message } = errorReport(error);
  tell(`${code} ${message}`);
}

function tell(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
