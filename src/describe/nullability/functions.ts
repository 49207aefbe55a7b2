/**
 * The functions and operators of PostgreSQL's own that are known to answer no null. Everything else may:
 * `->>`, `to_char` of infinity, `substring` with a pattern, and whatever a database brings itself.
 *
 * Each entry is what PostgreSQL 15 and 18 do on odd values (infinities, NaN, empty texts and arrays, JSON
 * null); tests/postgres/nullability_test.ts asks them all again.
 */

import type { FunctionFacts, OperatorFacts } from "../analysed_tree/scope.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Not null when no argument is null. Names and types as pg_proc and pg_type have them. */
export const plainFunctions = words(`
  abbrev(cidr) abbrev(inet) abs(float4) abs(float8) abs(int2) abs(int4) abs(int8) abs(numeric)
  acos(float8) age(timestamp) age(timestamp,timestamp) age(timestamptz) age(timestamptz,timestamptz)
  array_append(anycompatiblearray,anycompatible) array_cat(anycompatiblearray,anycompatiblearray)
  array_prepend(anycompatible,anycompatiblearray) array_remove(anycompatiblearray,anycompatible)
  array_replace(anycompatiblearray,anycompatible,anycompatible) array_reverse(anyarray)
  array_sample(anyarray,int4) array_shuffle(anyarray) array_sort(anyarray) array_sort(anyarray,bool)
  array_sort(anyarray,bool,bool) array_to_json(anyarray) array_to_json(anyarray,bool)
  array_to_string(anyarray,text) array_to_string(anyarray,text,text) ascii(text) asin(float8) atan(float8)
  atan2(float8,float8) bit(bit,int4,bool) bit(int4,int4) bit(int8,int4) bit_count(bit) bit_count(bytea)
  bit_length(bit) bit_length(bytea) bit_length(text) bool(int4) bpchar(bpchar,int4,bool) bpchar(char)
  bpchar(name) broadcast(inet) btrim(bytea,bytea) btrim(text) btrim(text,text) bytea(int2) bytea(int4)
  bytea(int8) cardinality(anyarray) casefold(text) cbrt(float8) ceil(float8) ceil(numeric) ceiling(float8)
  ceiling(numeric) char(int4) char(text) char_length(bpchar) char_length(text) character_length(bpchar)
  character_length(text) chr(int4) cidr(inet) clock_timestamp() cos(float8) cosd(float8) cosh(float8)
  crc32(bytea) crc32c(bytea) current_database() current_user() date(timestamp) date(timestamptz)
  date_bin(interval,timestamp,timestamp) date_bin(interval,timestamptz,timestamptz)
  date_trunc(text,interval) date_trunc(text,timestamp) date_trunc(text,timestamptz)
  date_trunc(text,timestamptz,text) decode(text,text) degrees(float8) div(numeric,numeric)
  encode(bytea,text) erf(float8) exp(float8) exp(numeric) factorial(int8) family(inet) float4(float8)
  float4(int2) float4(int4) float4(int8) float4(numeric) float8(float4) float8(int2) float8(int4)
  float8(int8) float8(numeric) floor(float8) floor(numeric) gamma(float8) gcd(int4,int4) gcd(int8,int8)
  gcd(numeric,numeric) gen_random_uuid() get_bit(bit,int4) get_bit(bytea,int8) get_byte(bytea,int4)
  host(inet) hostmask(inet) inet_merge(inet,inet) initcap(text) int2(bytea) int2(float4) int2(float8)
  int2(int4) int2(int8) int2(numeric) int4(bit) int4(bool) int4(bytea) int4(char) int4(float4)
  int4(float8) int4(int2) int4(int8) int4(numeric) int8(bit) int8(bytea) int8(float4) int8(float8)
  int8(int2) int8(int4) int8(numeric) int8(oid) interval(interval,int4) interval(time)
  isempty(anymultirange) isempty(anyrange) isfinite(date) isfinite(interval) isfinite(timestamp)
  isfinite(timestamptz) json_array_length(json) json_object(_text) json_object(_text,_text)
  json_strip_nulls(json) json_strip_nulls(json,bool) json_typeof(json) jsonb_array_length(jsonb)
  jsonb_insert(jsonb,_text,jsonb,bool) jsonb_object(_text) jsonb_object(_text,_text) jsonb_pretty(jsonb)
  jsonb_set(jsonb,_text,jsonb,bool) jsonb_strip_nulls(jsonb) jsonb_strip_nulls(jsonb,bool)
  jsonb_typeof(jsonb) justify_days(interval) justify_hours(interval) justify_interval(interval)
  lcm(int4,int4) lcm(int8,int8) lcm(numeric,numeric) left(text,int4) length(bit) length(bpchar)
  length(bytea) length(text) length(tsvector) ln(float8) ln(numeric) log(float8) log(numeric)
  log(numeric,numeric) log10(float8) log10(numeric) lower(text) lower_inc(anymultirange)
  lower_inc(anyrange) lower_inf(anymultirange) lower_inf(anyrange) lpad(text,int4) lpad(text,int4,text)
  ltrim(bytea,bytea) ltrim(text) ltrim(text,text) make_date(int4,int4,int4)
  make_interval(int4,int4,int4,int4,int4,int4,float8) make_time(int4,int4,float8) masklen(inet) md5(bytea)
  md5(text) mod(int2,int2) mod(int4,int4) mod(int8,int8) mod(numeric,numeric) money(int4) money(int8)
  money(numeric) multirange(anyrange) name(bpchar) name(text) name(varchar) netmask(inet) network(inet)
  now() numeric(float4) numeric(float8) numeric(int2) numeric(int4) numeric(int8) numeric(money)
  numeric(numeric,int4) octet_length(bit) octet_length(bpchar) octet_length(bytea) octet_length(text)
  oid(int8) overlay(bit,bit,int4) overlay(bit,bit,int4,int4) overlay(bytea,bytea,int4)
  overlay(bytea,bytea,int4,int4) overlay(text,text,int4) overlay(text,text,int4,int4) pi()
  position(bit,bit) position(bytea,bytea) position(text,text) pow(float8,float8) pow(numeric,numeric)
  power(float8,float8) power(numeric,numeric) quote_ident(text) quote_literal(anyelement)
  quote_literal(text) radians(float8) random() random(int4,int4) random(int8,int8) random(numeric,numeric)
  random_normal(float8,float8) range_merge(anymultirange) range_merge(anyrange,anyrange) regclass(text)
  regexp_count(text,text) regexp_count(text,text,int4) regexp_count(text,text,int4,text)
  regexp_instr(text,text) regexp_instr(text,text,int4) regexp_instr(text,text,int4,int4)
  regexp_instr(text,text,int4,int4,int4) regexp_instr(text,text,int4,int4,int4,text)
  regexp_like(text,text) regexp_like(text,text,text) regexp_replace(text,text,text)
  regexp_replace(text,text,text,int4) regexp_replace(text,text,text,int4,int4)
  regexp_replace(text,text,text,int4,int4,text) regexp_replace(text,text,text,text)
  regexp_split_to_array(text,text) regexp_split_to_array(text,text,text) repeat(text,int4)
  replace(text,text,text) reverse(bytea) reverse(text) right(text,int4) round(float8) round(numeric)
  round(numeric,int4) row_to_json(record) row_to_json(record,bool) rpad(text,int4) rpad(text,int4,text)
  rtrim(bytea,bytea) rtrim(text) rtrim(text,text) set_bit(bit,int4,int4) set_bit(bytea,int8,int4)
  set_byte(bytea,int4,int4) set_masklen(cidr,int4) set_masklen(inet,int4) sha224(bytea) sha256(bytea)
  sha384(bytea) sha512(bytea) sign(float8) sign(numeric) sin(float8) sind(float8) sinh(float8)
  split_part(text,text,int4) sqrt(float8) sqrt(numeric) starts_with(text,text) statement_timestamp()
  string_to_array(text,text) string_to_array(text,text,text) strpos(text,text) substr(bytea,int4)
  substr(bytea,int4,int4) substr(text,int4) substr(text,int4,int4) substring(bit,int4)
  substring(bit,int4,int4) substring(bytea,int4) substring(bytea,int4,int4) substring(text,int4)
  substring(text,int4,int4) tan(float8) tanh(float8) text(bool) text(bpchar) text(char) text(inet)
  text(name) text(xml) time(interval) time(time,int4) time(timetz) timeofday() timestamp(date)
  timestamp(timestamp,int4) timestamp(timestamptz) timestamptz(date) timestamptz(timestamp)
  timestamptz(timestamptz,int4) timetz(time) timetz(timetz,int4) timezone(interval,timestamp)
  timezone(interval,timestamptz) timezone(interval,timetz) timezone(text,timestamp)
  timezone(text,timestamptz) timezone(text,timetz) timezone(timestamp) timezone(timestamptz)
  timezone(timetz) to_bin(int4) to_bin(int8) to_char(float4,text) to_char(float8,text) to_char(int4,text)
  to_char(int8,text) to_char(numeric,text) to_date(text,text) to_hex(int4) to_hex(int8)
  to_json(anyelement) to_jsonb(anyelement) to_oct(int4) to_oct(int8) to_timestamp(float8)
  to_timestamp(text,text) transaction_timestamp() translate(text,text,text) trim_array(anyarray,int4)
  trim_scale(numeric) trunc(float8) trunc(numeric) trunc(numeric,int4) unistr(text) upper(text)
  upper_inc(anymultirange) upper_inc(anyrange) upper_inf(anymultirange) upper_inf(anyrange) uuidv4()
  uuidv7() uuidv7(interval) varbit(varbit,int4,bool) varchar(name) varchar(varchar,int4,bool)
  width_bucket(anycompatible,anycompatiblearray) width_bucket(float8,float8,float8,int4)
  width_bucket(numeric,numeric,numeric,int4) xml(text)
`);

/**
 * Not null whatever the arguments are, unless an array stands for them (VARIADIC), which may be null itself.
 */
export const totalFunctions = words(`
  concat(any) daterange(date,date) int4range(int4,int4) int8range(int8,int8) json_build_array()
  json_build_array(any) json_build_object() json_build_object(any) jsonb_build_array()
  jsonb_build_array(any) jsonb_build_object() jsonb_build_object(any) num_nonnulls(any) num_nulls(any)
  numrange(numeric,numeric) pg_typeof(any) quote_nullable(anyelement) quote_nullable(text)
  tsrange(timestamp,timestamp) tstzrange(timestamptz,timestamptz)
`);

/** Not null when the first argument is not. */
export const firstArgumentFunctions = words(`
  concat_ws(text,any) format(text) format(text,any)
`);

/**
 * Of FROM: each row that they make has no null in these columns, numbered from one; an empty list is all of
 * them.
 */
const rowFunctions: Readonly<Record<string, readonly number[]>> = {
  "generate_series(int4,int4)": [],
  "generate_series(int4,int4,int4)": [],
  "generate_series(int8,int8)": [],
  "generate_series(int8,int8,int8)": [],
  "generate_series(numeric,numeric)": [],
  "generate_series(numeric,numeric,numeric)": [],
  "generate_series(timestamp,timestamp,interval)": [],
  "generate_series(timestamptz,timestamptz,interval)": [],
  "generate_subscripts(anyarray,int4)": [],
  "generate_subscripts(anyarray,int4,bool)": [],
  "regexp_split_to_table(text,text)": [],
  "regexp_split_to_table(text,text,text)": [],
  "string_to_table(text,text)": [],
  "json_object_keys(json)": [],
  "jsonb_object_keys(jsonb)": [],
  "json_array_elements(json)": [],
  "jsonb_array_elements(jsonb)": [],
  "json_each(json)": [],
  "jsonb_each(jsonb)": [],
  "json_each_text(json)": [1],
  "jsonb_each_text(jsonb)": [1],
};

/** Aggregates that answer a value for any rows, and for none. */
const counts = words("count(any) count() regr_count(float8,float8)");

/** Aggregates that answer a value for one row or more when their first argument is not null. */
const strictAggregates = [
  /^(?:sum|avg|min|max|any_value|bool_and|bool_or|every|bit_and|bit_or|bit_xor)\([a-z0-9_]+\)$/,
  /^string_agg\((?:text,text|bytea,bytea)\)$/,
];

/** Aggregates that answer a value for one row or more. */
const collectors =
  /^(?:array_agg|jsonb?_agg(?:_strict)?|jsonb?_object_agg(?:_unique)?(?:_strict)?)\([a-z0-9_,]+\)$/;

export type FunctionRule = "total" | "first" | "plain" | null;

export function ruleOfFunction(facts: FunctionFacts | undefined): FunctionRule {
  const signature = facts?.signature ?? "";
  if (totalFunctions.has(signature)) return "total";
  if (firstArgumentFunctions.has(signature)) return "first";
  return plainFunctions.has(signature) ? "plain" : null;
}

/** Columns without null, numbered from one; null when nothing is known. An empty list is all columns. */
export function rowColumnsOf(facts: FunctionFacts | undefined): readonly number[] | null {
  return rowFunctions[facts?.signature ?? ""] ?? null;
}

export type AggregateRule = "count" | "strict" | "collect" | null;

export function ruleOfAggregate(facts: FunctionFacts | undefined): AggregateRule {
  const signature = facts?.signature ?? "";
  if (counts.has(signature)) return "count";
  if (strictAggregates.some((pattern) => pattern.test(signature))) return "strict";
  return collectors.test(signature) ? "collect" : null;
}

const plainOperators = words(
  `= <> < > <= >= ^@ || % @ - * / + |/ ||/ ~ !~ ^ ~~ !~~ ~* !~* ~~* !~~* << <<= >> >>= && & | #
   @> <@ &< &> -|- ? ?| ?& #-`,
);
const plainTypes = words(
  `bool int2 int4 int8 float4 float8 numeric money text varchar bpchar name char date time timetz timestamp
   timestamptz interval bytea bit varbit uuid inet cidr oid jsonb _text anyarray anyelement anycompatible
   anycompatiblearray anynonarray anycompatiblenonarray anyrange anymultirange anyenum`,
);

/** Not null when no operand is null. */
export function isPlainOperator(facts: OperatorFacts | undefined): boolean {
  const operands = facts?.operands ?? null;
  return operands !== null && plainOperators.has(operands.name) && plainTypes.has(operands.right) &&
    (operands.left === null || plainTypes.has(operands.left));
}
