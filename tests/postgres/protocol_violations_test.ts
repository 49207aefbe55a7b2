/**
 * What answers is not always PostgreSQL, and what stands between is not always honest: whatever comes, the call gets an error that
 * says where and what, no answer of one statement is taken for another's, and the connection is not used again.
 */

import assert from "node:assert/strict";
import type { SqlwrightError } from "../../src/errors.ts";
import { Pool } from "../../src/postgres/pool.ts";
import {
  backendAnswer,
  bytes,
  columns,
  complete,
  described,
  error,
  int16,
  int32,
  loggedIn,
  message,
  type ProtocolServer,
  ready,
  row,
  withProtocolServer,
} from "../fixtures/protocol_server.ts";

function openPool({ url }: ProtocolServer, connectTimeout_ms = 2000): Pool {
  return new Pool({
    url,
    size: 1,
    queueSize: 1,
    queueTimeout_ms: 1000,
    connectTimeout_ms,
    parameters: {},
  });
}

async function ask(pool: Pool, bound_ms = 2000): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  await pool.withConnection(
    undefined,
    (connection) =>
      connection.execute("select v from t", [], {
        onRow: (row) => void rows.push(row),
        bound_ms,
      }),
  );
  return rows;
}

const answer = bytes(described("v"), row("right"), complete("SELECT 1"), ready);
const healthy = [loggedIn, backendAnswer, answer, "stay"] as const;

/** What is sent in answer to the statement, and what the error says. */
const violations: Record<string, [Uint8Array, RegExp]> = {
  "an unknown type": [bytes("?", int32(4)), /unknown type "\?"/],
  "a length below four": [bytes("D", int32(3)), /has the length 3/],
  "a negative length": [bytes("C", int32(-1)), /has the length -1/],
  "a description of many megabytes": [
    bytes("T", int32(500_000_000)),
    /type "T" is 499999996 bytes long/,
  ],
  "a row without a description": [
    bytes(message("1"), message("2"), row("x")),
    /a row without a description/,
  ],
  "a row of another number of columns": [
    bytes(described("v"), row("a", "b")),
    /not the 1 columns/,
  ],
  "a row whose value is longer than it": [
    bytes(described("v"), message("D", int16(1), int32(9), "short")),
    /longer than its row/,
  ],
  "a row whose length is negative": [
    bytes(described("v"), message("D", int16(1), int32(-7), "short")),
    /longer than its row/,
  ],
  "a row with bytes behind its end": [
    bytes(described("v"), message("D", int16(1), int32(1), "xyz")),
    /bytes behind its last value/,
  ],
  "a row that ends within a length": [
    bytes(described("v"), message("D", int16(1), [0, 0])),
    /within a value's length/,
  ],
  "a row behind the end of its statement": [
    bytes(described("v"), complete("SELECT 0"), row("late")),
    /a row without a description/,
  ],
  "two descriptions": [
    bytes(described("v"), columns("w")),
    /a second row description/,
  ],
  "a description that ends within a column": [
    bytes(message("1"), message("T", int16(2), "v\0", int32(0))),
    /ends within a column/,
  ],
  "a parameter description of another length": [
    bytes(message("1"), message("t", int16(3), int32(25))),
    /parameter description of another length/,
  ],
  "ready without an answer": [
    bytes(message("1"), ready),
    /with this one unanswered/,
  ],
  "COPY that asks for data": [
    bytes(described(), message("G", [0], int16(0))),
    /waits for data nobody has/,
  ],
  "COPY that sends data": [
    bytes(described(), message("H", [0], int16(0))),
    /asked for none/,
  ],
  "data of a COPY": [
    bytes(described("v"), message("d", "x")),
    /nobody asked for/,
  ],
  "a login in the middle": [
    message("R", int32(0)),
    /type "R" in the answer to a statement/,
  ],
  "a parameter without its value": [
    message("S", "TimeZone\0"),
    /without its value/,
  ],
};

for (const [what, [sent, words]] of Object.entries(violations)) {
  Deno.test(`${what} ends the connection with an error, and the next call has another`, async () => {
    const broken = [loggedIn, backendAnswer, sent, "stay"] as const;
    await withProtocolServer([broken, healthy], async (server) => {
      const pool = openPool(server);
      try {
        await assert.rejects(ask(pool), (error: SqlwrightError) => {
          assert.equal(error.code, "database.protocol_violation");
          assert.match(error.message, words);
          assert.match(
            error.message,
            /^What answers at 127\.0\.0\.1:\d+\/test /,
          );
          return true;
        });
        assert.deepEqual(await ask(pool), [["right"]]);
      } finally {
        await pool.close();
      }
    });
  });
}

Deno.test("an answer cut anywhere is a lost connection, and gives no rows", async () => {
  const whole = bytes(
    described("v"),
    row("left"),
    row("over"),
    complete("SELECT 2"),
    ready,
  );
  for (let length = 0; length < whole.length; length += 3) {
    const cut = [loggedIn, backendAnswer, whole.subarray(0, length)] as const;
    await withProtocolServer([cut, healthy], async (server) => {
      const pool = openPool(server);
      try {
        await assert.rejects(ask(pool), { code: "database.lost" });
        assert.deepEqual(await ask(pool), [["right"]]);
      } finally {
        await pool.close();
      }
    });
  }
});

Deno.test("an answer in pieces of one byte is the answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await listener.accept();
    const buffer = new Uint8Array(4096);
    for (const step of [loggedIn, backendAnswer, answer]) {
      await connection.read(buffer);
      for (const byte of step) await connection.write(Uint8Array.of(byte));
    }
    while (await connection.read(buffer) !== null);
    connection.close();
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const pool = openPool({
    url: `postgresql://me@127.0.0.1:${port}/test?sslmode=disable`,
    connections: 0,
  });
  try {
    assert.deepEqual(await ask(pool), [["right"]]);
  } finally {
    await pool.close();
    listener.close();
    await serving;
  }
});

Deno.test("an answer that nobody asked for is not given to the next statement", async () => {
  const early = bytes(backendAnswer, answer);
  await withProtocolServer(
    [[loggedIn, early, "stay"], healthy],
    async (server) => {
      const pool = openPool(server);
      try {
        await assert.rejects(ask(pool), (error: SqlwrightError) => {
          assert.match(error.code, /^database\.(?:protocol_violation|lost)$/);
          return true;
        });
        assert.deepEqual(await ask(pool), [["right"]]);
      } finally {
        await pool.close();
      }
    },
  );
});

Deno.test("an error in the middle of rows fails the call, and the connection goes on", async () => {
  const failing = bytes(
    described("v"),
    row("first"),
    error("ERROR", "22012", "division by zero"),
    ready,
  );
  // The statement is prepared by now: it is bound and run, and described no more.
  const again = bytes(message("2"), row("right"), complete("SELECT 1"), ready);
  await withProtocolServer(
    [[loggedIn, backendAnswer, failing, again, "stay"]],
    async (server) => {
      const pool = openPool(server);
      try {
        await assert.rejects(ask(pool), {
          code: "database.failed",
          message: "division by zero",
        });
        assert.deepEqual(await ask(pool), [["right"]]);
        assert.equal(server.connections, 1);
      } finally {
        await pool.close();
      }
    },
  );
});

Deno.test("a server that ends the session says why, and the call after it has another", async () => {
  const ending = error(
    "FATAL",
    "57P01",
    "terminating connection due to administrator command",
  );
  await withProtocolServer(
    [[loggedIn, backendAnswer, ending], healthy],
    async (server) => {
      const pool = openPool(server);
      try {
        await assert.rejects(ask(pool), {
          code: "database.lost",
          message: /administrator command/,
        });
        assert.deepEqual(await ask(pool), [["right"]]);
      } finally {
        await pool.close();
      }
    },
  );
});

Deno.test("a value of two gigabytes is refused by its length, before a byte of it is kept", async () => {
  const promised = bytes(
    described("v"),
    "D",
    int32(2_000_000_000),
    int16(1),
    int32(1_999_999_994),
    "x".repeat(60_000),
  );
  await withProtocolServer([
    [loggedIn, backendAnswer, promised, "stay"],
    healthy,
  ], async (server) => {
    const pool = openPool(server);
    const before = Deno.memoryUsage().rss;
    try {
      await assert.rejects(ask(pool, 300));
      assert.ok(Deno.memoryUsage().rss - before < 200 * 1024 * 1024);
      assert.deepEqual(await ask(pool), [["right"]]);
    } finally {
      await pool.close();
    }
  });
});

Deno.test("notices without end do not keep a call beyond its bound", async () => {
  const notice = message("N", "SNOTICE\0VNOTICE\0C00000\0Magain\0\0");
  const flood = bytes(...Array.from({ length: 20_000 }, () => notice));
  await withProtocolServer(
    [[loggedIn, backendAnswer, flood, "stay"], healthy],
    async (server) => {
      const pool = openPool(server);
      try {
        await assert.rejects(ask(pool, 300), { code: "database.lost" });
        assert.deepEqual(await ask(pool), [["right"]]);
      } finally {
        await pool.close();
      }
    },
  );
});

/** What is sent in answer to the startup message. */
const logins: Record<string, [Uint8Array, string, RegExp]> = {
  "HTTP": [
    bytes("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "database.protocol_violation",
    /unknown type "H"|length|bytes long|login/,
  ],
  "a login that is not known here": [
    message("R", int32(7)),
    "database.refused",
    /asks for GSSAPI/,
  ],
  "a password where there is none": [
    message("R", int32(3)),
    "database.refused",
    /asks for the password of "me"/,
  ],
  "SASL of another kind": [
    message("R", int32(10), "OAUTHBEARER\0\0"),
    "database.refused",
    /asks for the password|OAUTHBEARER/,
  ],
  "rows before the login": [
    row("x"),
    "database.protocol_violation",
    /during the login|login is to be asked/,
  ],
  "ready before the login": [
    ready,
    "database.protocol_violation",
    /login is to be asked/,
  ],
  "more behind the login": [
    bytes(loggedIn, row("x")),
    "database.protocol_violation",
    /behind the end|nobody|answers nothing/,
  ],
  "another encoding": [
    bytes(
      message("R", int32(0)),
      message("S", "client_encoding\0LATIN1\0"),
      ready,
    ),
    "database.refused",
    /client_encoding is LATIN1/,
  ],
  "its refusal": [
    error("FATAL", "28000", "no pg_hba.conf entry"),
    "database.refused",
    /no pg_hba\.conf entry/,
  ],
};

for (const [what, [sent, code, words]] of Object.entries(logins)) {
  Deno.test(`${what} in answer to the start is an error with place and words`, async () => {
    await withProtocolServer([[sent, "stay"]], async (server) => {
      const pool = openPool(server, 1000);
      try {
        await assert.rejects(ask(pool), (error: SqlwrightError) => {
          assert.equal(error.code, code);
          assert.match(error.message, words);
          return true;
        });
      } finally {
        await pool.close();
      }
    });
  });
}

Deno.test("a server that accepts and says nothing is given up in time", async () => {
  await withProtocolServer([["stay"]], async (server) => {
    const pool = openPool(server, 300);
    try {
      await assert.rejects(ask(pool), {
        code: "database.unreachable",
        message: /no answer in time/,
      });
    } finally {
      await pool.close();
    }
  });
});

Deno.test("parameters that are reported without end do not fill the memory", async () => {
  const many = bytes(
    ...Array.from(
      { length: 5000 },
      (_, index) => message("S", `p${index}\0x\0`),
    ),
  );
  await withProtocolServer(
    [[bytes(message("R", int32(0)), many), "stay"]],
    async (server) => {
      const pool = openPool(server, 1000);
      try {
        await assert.rejects(ask(pool), {
          code: "database.protocol_violation",
        });
      } finally {
        await pool.close();
      }
    },
  );
});
