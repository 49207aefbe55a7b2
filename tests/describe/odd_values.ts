/** Values that PostgreSQL's functions treat in an odd way, as SQL, by type: infinities, NaN, empty texts and arrays, JSON null. */

export const oddValues: Readonly<Record<string, readonly string[]>> = {
  bool: ["true", "false"],
  int2: ["0", "1", "-1", "32767", "-32768"],
  int4: ["0", "1", "-1", "5", "2147483647", "-2147483648"],
  int8: ["0", "1", "-1", "9223372036854775807", "-9223372036854775808"],
  float4: ["0", "1.5", "-1", "'NaN'", "'Infinity'", "'-Infinity'"],
  float8: ["0", "1.5", "-1", "'NaN'", "'Infinity'", "'-Infinity'", "1e300"],
  numeric: ["0", "1.5", "-1", "'NaN'", "'Infinity'", "'-Infinity'", "12345678901234567890.123"],
  money: ["'0'", "'1.5'", "'-1'"],
  text: [
    "''",
    "' '",
    "'a'",
    "'é😀b'",
    "'%'",
    "'1'",
    "'a,b'",
    "E'\\\\'",
    "'UTC'",
    "'day'",
    "'hex'",
    "'0123456789'",
  ],
  varchar: ["''", "'a'"],
  bpchar: ["''", "'a '"],
  name: ["''", "'a'"],
  char: ["''", "'a'"],
  date: ["'2024-02-29'", "'infinity'", "'-infinity'", "'0044-03-15 BC'"],
  time: ["'00:00'", "'23:59:59.999999'", "'24:00'"],
  timetz: ["'00:00+14'", "'24:00-12'"],
  timestamp: ["'2024-02-29 12:00'", "'infinity'", "'-infinity'", "'0044-03-15 BC'"],
  timestamptz: ["'2024-02-29 12:00'", "'infinity'", "'-infinity'", "'0044-03-15 BC'"],
  interval: ["'infinity'", "'-infinity'", "'0'", "'1 day'", "'-1 year 3 mons'", "'178000000 years'"],
  bytea: ["''", "'\\x00ff'"],
  bit: ["B'1'", "B'0'"],
  varbit: ["B''", "B'101'"],
  uuid: ["'11111111-2222-3333-4444-555555555555'"],
  inet: ["'10.0.0.1'", "'::1/64'", "'0.0.0.0/0'"],
  cidr: ["'10.0.0.0/8'", "'::/0'"],
  oid: ["0", "1", "4294967295"],
  json: ["'null'", "'{}'", "'[]'", "'{\"a\":null}'", "'[1,null]'", "'1'"],
  jsonb: ["'null'", "'{}'", "'[]'", "'{\"a\":null}'", "'[1,null]'", "'1'", "'\"a\"'"],
  anyarray: ["'{}'::int4[]", "'{1,null}'::int4[]", "'{{1,2},{3,4}}'::int4[]", "'[0:1]={1,2}'::int4[]"],
  anycompatiblearray: ["'{}'::int4[]", "'{1,null}'::int4[]", "'{{1,2},{3,4}}'::int4[]"],
  anyelement: ["0::int4", "7::int4"],
  anycompatible: ["0::int4", "7::int4"],
  anynonarray: ["0::int4", "'x'::text"],
  anycompatiblenonarray: ["0::int4"],
  anyrange: ["'empty'::int4range", "'(,)'::int4range", "'[1,5)'::int4range"],
  anymultirange: ["'{}'::int4multirange", "'{[1,2),[5,)}'::int4multirange"],
  anyenum: ["'a'::odd_enum"],
  _text: ["'{}'", "'{a,NULL}'", "'{a,b}'", "'{{a,b},{c,d}}'"],
  record: ["row(1,null)", "row(null,null)", "row(1,2)"],
  tsvector: ["''", "'a:1'"],
  tsquery: ["''", "'a'"],
  xml: ["'<a/>'"],
  pg_lsn: ["'0/0'"],
  "any": ["1", "'a'::text"],
  regclass: ["'pg_class'"],
  regtype: ["'int4'"],
};

/** The value as one of the type; a polymorphic one brings its own. */
export function castTo(type: string, value: string): string {
  if (value.includes("::") || ["any", "record", "anyelement", "anynonarray"].includes(type)) {
    return value === "null" ? "null::text" : value;
  }
  if (type.startsWith("any")) return value;
  return type === "char" ? `(${value})::"char"` : `(${value})::pg_catalog.${type}`;
}

/** At most about `limit` combinations of one value for each type, spread over all of them. */
export function* combinationsOf(types: readonly string[], limit: number): Generator<string[]> {
  const lists = types.map((type) => (oddValues[type] ?? []).map((value) => castTo(type, value)));
  const total = lists.reduce((product, list) => product * list.length, 1);
  const step = total <= limit ? 1 : Math.ceil(total / limit) | 1;
  for (let at = 0; at < total; at += step) {
    let rest = at;
    yield lists.map((list) => {
      const value = list[rest % list.length]!;
      rest = Math.floor(rest / list.length);
      return value;
    });
  }
}
