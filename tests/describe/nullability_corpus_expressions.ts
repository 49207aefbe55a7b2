/** The second half of the corpus: windows, expressions, functions, conditions, parameters, writes, SQL/JSON. See nullability_corpus.ts. */

export interface CorpusEntry {
  construct: string;
  sql: string;
  columns: string;
  /** The first version that has the syntax. @default 15 */
  since?: number;
  /** Header lines, such as `@param`. */
  tags?: readonly string[];
  kind?: "many" | "exec" | "unnest";
}

export const entry = (
  construct: string,
  sql: string,
  columns: string,
  more: Partial<CorpusEntry> = {},
): CorpusEntry => ({ construct, sql, columns, ...more });

export const from = "from shop.customer as c";
export const withPurchases = "from shop.customer as c left join shop.purchase as p on p.customer_id = c.id";

export const expressionCorpus: readonly CorpusEntry[] = [
  entry(
    "window",
    `select row_number() over w as a, rank() over w as b, dense_rank() over w as c, percent_rank() over w as d, cume_dist() over w as e, ntile(4) over w as f, count(*) over w as g ${from} window w as (order by c.id)`,
    "a b c d e f g",
  ),
  entry(
    "window",
    `select lag(c.id) over w as a, lag(c.id, 1, 0) over w as b, lag(c.id, null, 0) over w as d, first_value(c.id) over w as e, nth_value(c.id, 2) over w as f ${from} window w as (order by c.id)`,
    "a? b d? e f?",
  ),
  entry(
    "window",
    `select sum(c.id) over w as a, sum(c.referrer_id) over w as b, max(c.name) over () as d ${from} window w as (order by c.id)`,
    "a b? d",
  ),
  entry(
    "window",
    `select sum(c.id) over (order by c.id rows between 2 preceding and 1 preceding) as a, count(*) over (order by c.id rows between 2 preceding and 1 preceding) as b, sum(c.id) filter (where c.id > 3) over () as d ${from}`,
    "a? b d?",
  ),

  entry(
    "expression",
    `select coalesce(c.email, '-') as a, coalesce(c.email, null) as b, greatest(c.id, c.referrer_id) as d, least(c.referrer_id, null) as e, nullif(c.id, 1) as f ${from}`,
    "a b? d e? f?",
  ),
  entry(
    "expression",
    `select case when c.id > 1 then 'x' else 'y' end as a, case when c.id > 1 then 'x' end as b, case c.id when 1 then c.email else '-' end as d ${from}`,
    "a b? d?",
  ),
  entry(
    "expression",
    `select case when c.email is not null then c.email else '-' end as a, case when c.email is null then '-' else c.email end as b, case when c.email is null or c.referrer_id is null then 0 else c.referrer_id end as d, case when not (c.email is null) then c.email else '' end as e ${from}`,
    "a b d e",
  ),
  entry(
    "expression",
    `select case when c.email > 'a' then c.email else '-' end as a, case when c.email > 'a' then '-' else c.email end as b ${from}`,
    "a b?",
  ),
  entry(
    "expression",
    `select c.email is null as a, c.email is distinct from 'x' as b, c.email = 'x' as d, c.id = 1 as e, (c.email = 'x') is true as f, exists (select 1) as g, not (c.id = 1) as h, c.id = 1 and c.email = 'x' as i ${from}`,
    "a b d? e f g h i?",
  ),
  entry(
    "expression",
    `select array[c.email] as a, array(select p.note from shop.purchase as p) as b, row(c.email)::text as d, c.tags[1] as e, (array['x'])[2] as f ${from}`,
    "a b d e? f?",
  ),
  entry(
    "expression",
    `select c.id in (1, 2) as a, c.id = any (array[1, null]) as b, c.id in (select p.customer_id from shop.purchase as p) as d, c.id in (select p.id from shop.purchase as p left join shop.line as l on true where p.note is null) as e, c.email in (select 'x') as f, c.id not in (select d.referrer_id from shop.customer as d) as g ${from}`,
    "a~ b? d e f? g?",
  ),
  entry(
    "expression",
    `select current_date as a, current_user as b, now() as d, current_schema as e, current_setting('x.y', true) as f ${from}`,
    "a b d e? f?",
  ),
  entry(
    "expression",
    `select c.joined_on + 1 as a, c.id * 2 + 1 as b, -c.id as d, c.name || '!' as e, c.name || c.email as f, c.name like 'x%' as g, c.id::text as h, c.id::numeric(10, 2) as i, c.name::varchar(3) as j ${from}`,
    "a b d e f? g h i j",
  ),
  entry(
    "expression",
    `select c.extra -> 'a' as a, c.extra ->> 'a' as b, '{"a":1}'::jsonb ->> 'a' as d, '{"a":1}'::jsonb ? 'a' as e, '{}'::jsonb || '{}'::jsonb as f ${from}`,
    "a? b? d? e f",
  ),
  entry(
    "expression",
    `select c.id::shop.positive as a, c.referrer_id::shop.positive as b, c.referrer_id::shop.given as d ${from}`,
    "a b? d",
  ),
  entry("expression", "select null as a, null::integer as b, 1 as d, 'x' as e", "a? b? d e"),
  entry(
    "expression",
    `select (row(c.id, c.email)).f1 as a, (c).id as b, c is not null as d ${from}`,
    "a~ b d",
  ),

  entry(
    "function",
    `select lower(c.name) as a, upper(c.email) as b, length(c.name) as d, concat(c.email, 'x') as e, concat_ws(',', c.email) as f, format('%s', c.email) as g, md5(c.name) as h ${from}`,
    "a b? d e f g h",
  ),
  entry(
    "function",
    `select substring(c.name from 1 for 2) as a, substring(c.name from 'x') as b, split_part(c.name, ',', 9) as d, to_char(c.joined_on, 'YYYY') as e, extract(month from c.joined_on) as f, date_trunc('month', c.joined_on::timestamp) as g ${from}`,
    "a b? d e? f? g",
  ),
  entry(
    "function",
    `select cardinality(c.tags) as a, array_length(c.tags, 1) as b, array_to_string(c.tags, ',') as d, array_position(c.tags, 'x') as e, array_append(c.tags, 'x') as f ${from}`,
    "a b? d e? f",
  ),
  entry(
    "function",
    `select round(p.total, 2) as a, p.total / 2 as b, abs(p.total) as d, p.total::integer as e, coalesce(p.paid_at, now())::date as f, coalesce(p.paid_at, now())::time as g from shop.purchase as p`,
    "a b d e f g?",
  ),
  entry(
    "function",
    `select json_build_object('a', c.email) as a, jsonb_build_array(c.email) as b, to_jsonb(c.email) as d, to_jsonb(c.name) as e, row_to_json(c) as f, json_build_object(variadic null::text[]) as g ${from}`,
    "a b d? e f g?",
  ),
  entry(
    "function",
    `select random() as a, gen_random_uuid() as b, pg_typeof(c.email)::text as d, num_nulls(c.email) as e, json_object('{a,1}') as f ${from}`,
    "a b d e f",
  ),

  entry(
    "scalar sub-query",
    `select (select count(*) from shop.purchase as p) as a, (select max(p.total) from shop.purchase as p) as b, (select p.total from shop.purchase as p limit 1) as d, (select coalesce(sum(p.total), 0) from shop.purchase as p where p.customer_id = c.id) as e, (select count(*) from shop.purchase as p group by p.status) as f, (select count(*) from shop.purchase as p having count(*) > 3) as g, (select count(*) from shop.purchase as p limit 0) as h, (select 1) as i, (select c.name) as j, (select 1 where c.id > 3) as k, (select count(*) from shop.purchase as p offset 1) as l ${from}`,
    "a b? d? e f? g? h? i j k? l?",
  ),

  entry("where", `select c.email, c.referrer_id ${from} where c.email is not null`, "email referrer_id?"),
  entry(
    "where",
    `select c.email, c.referrer_id ${from} where c.email > 'a' and c.referrer_id < 5`,
    "email referrer_id",
  ),
  entry(
    "where",
    `select c.email, c.referrer_id ${from} where c.email = 'a' or c.referrer_id = 5`,
    "email? referrer_id?",
  ),
  entry(
    "where",
    `select c.email, c.referrer_id ${from} where (c.email = 'a' and c.referrer_id = 1) or c.email = 'b'`,
    "email referrer_id?",
  ),
  entry(
    "where",
    `select c.email, c.referrer_id ${from} where not (c.email = 'a') and lower(c.email) like 'x%' and c.referrer_id in (1, 2)`,
    "email referrer_id",
  ),
  entry(
    "where",
    `select c.email, c.referrer_id ${from} where c.email is distinct from 'a' and coalesce(c.referrer_id, 1) = 1`,
    "email? referrer_id?",
  ),
  entry(
    "where",
    `select c.email ${from} where c.referrer_id in (select p.customer_id from shop.purchase as p) and c.email <> all (array['x'])`,
    "email?",
  ),
  entry("where", `select c.id, p.id as p, p.note ${withPurchases} where p.total > 3`, "id p note?"),
  entry(
    "where",
    `select c.id, p.id as p, l.label from shop.customer as c left join (shop.purchase as p join shop.line as l on l.purchase_id = p.id) on p.customer_id = c.id where l.position = 1`,
    "id p label",
  ),
  entry(
    "where",
    `select c.id, p.id as p from shop.customer as c full join shop.purchase as p on p.customer_id = c.id where c.id > 0`,
    "id p?",
  ),
  entry(
    "where",
    "select c.referrer_id, d.id from shop.customer as c join shop.customer as d on d.id = c.referrer_id",
    "referrer_id id",
  ),
  entry(
    "where",
    "select c.referrer_id, d.id from shop.customer as c left join shop.customer as d on d.id = c.referrer_id",
    "referrer_id? id?",
  ),
  entry("where", `select s.email from (select c.email ${from} where c.email ~ 'x' offset 0) as s`, "email"),

  entry("values", "select v.a, v.b from (values (1, 'x'), (2, null)) as v (a, b)", "a b?"),
  entry("values", "values (1, 'x', null), (2, 'y', null)", "column1 column2 column3?"),
  entry(
    "function in from",
    "select g.i, u.t, u.n from generate_series(1, 3) as g (i), unnest(array['x', null]) with ordinality as u (t, n)",
    "i t? n",
  ),
  entry(
    "function in from",
    "select e.key, e.value, t.value as text from jsonb_each('{}') as e, jsonb_each_text('{}') as t",
    "key value text?",
  ),
  entry(
    "function in from",
    "select a.x, b.y from rows from (generate_series(1, 3), generate_series(1, 5)) as a (x, z), lower('X') as b (y)",
    "x? y",
  ),
  entry("function in from", "select r.a from json_to_recordset('[]') as r (a integer)", "a?"),

  entry(
    "parameter",
    "select :a::integer as a, :b::integer as b, :c::integer as c",
    "a b? c",
    {
      tags: [
        "@param a  Required",
        "@param b?  Optional",
        "@param c = 1  Default",
      ],
    },
  ),
  entry(
    "parameter",
    `select c.id, c.email ${from} where c.email = :mail::text and (:other::text is null or c.name = :other)`,
    "id email",
    {
      tags: ["@param mail  Address", "@param other?  Name"],
    },
  ),

  entry(
    "insert returning",
    "insert into shop.customer as c (id, name, joined_on, tags) values (9, 'x', current_date, '{}') returning c.id, c.name, c.email, c.id + 1 as next",
    "id name email? next",
    { kind: "exec" },
  ),
  entry(
    "insert returning",
    "insert into shop.customer as c (id, name, joined_on, tags) select p.id, p.note, current_date, '{}' from shop.purchase as p where p.note is not null on conflict (id) do update set name = excluded.name returning c.id, c.name, c.email",
    "id name email?",
    { kind: "exec" },
  ),
  entry("insert returning", "insert into shop.ruled as r (id) values (1) returning r.id", "id?", {
    kind: "exec",
  }),
  entry(
    "update returning",
    "update shop.purchase as p set note = 'x' where p.note is null returning p.id, p.note, p.total, p.status",
    "id note? total status",
    { kind: "exec" },
  ),
  entry(
    "update returning",
    "update shop.purchase as p set note = c.email from shop.customer as c left join shop.line as l on l.position = c.id where c.id = p.customer_id and c.email is not null returning p.id, c.name, c.email, l.label",
    "id name email? label?",
    { kind: "exec" },
  ),
  entry(
    "update returning",
    "update shop.customer as c set email = null where c.email = 'x' returning c.email, c.id",
    "email? id",
    { kind: "exec" },
  ),
  entry(
    "delete returning",
    "delete from shop.line as l using shop.purchase as p where p.id = l.purchase_id returning l.label, l.amount, p.note, p.id",
    "label amount? note? id",
    { kind: "exec" },
  ),
  entry(
    "old and new",
    "update shop.purchase as p set total = 0 where p.id = 1 returning old.total as a, new.total as b, old.note as d",
    "a b d?",
    { kind: "exec", since: 18 },
  ),
  entry(
    "old and new",
    "insert into shop.ruled as r (id) values (1) returning old.id as a, new.id as b",
    "a? b?",
    { kind: "exec", since: 18 },
  ),
  entry(
    "old and new",
    "delete from shop.line as l where l.amount is null returning old.label as a, new.label as b",
    "a b?",
    { kind: "exec", since: 18 },
  ),
  entry(
    "merge returning",
    "merge into shop.line as l using shop.purchase as p on p.id = l.purchase_id when matched then update set amount = p.total when not matched then insert (purchase_id, position, label) values (p.id, 1, 'x') returning merge_action() as a, l.label, l.amount, p.id, p.note",
    "a label amount? id note?",
    { kind: "exec", since: 18 },
  ),
  entry(
    "merge returning",
    "merge into shop.line as l using shop.purchase as p on p.id = l.purchase_id when matched then do nothing when not matched by source then delete returning l.label, p.id, old.label as o, new.label as n",
    "label id? o? n?",
    { kind: "exec", since: 18 },
  ),
  entry(
    "unnest input",
    "update shop.purchase as p set note = change.note from unnest(:id::bigint[], :note::text[]) as change (id, note) where change.id = p.id returning change.id, change.note, p.note as written",
    "id note? written?",
    {
      kind: "unnest",
      tags: ["@param id  Purchase", "@param note?  Note"],
    },
  ),
  entry(
    "unnest input",
    "insert into shop.line as l (purchase_id, position, label) select given.id, given.at, given.label from unnest(:id::bigint[], :label::text[]) with ordinality as given (id, label, at) returning l.label, l.amount",
    "label amount?",
    {
      kind: "unnest",
      tags: ["@param id  Purchase", "@param label  Label"],
    },
  ),
  entry("unnest input", "select u.x from unnest(:list::text[]) as u (x)", "x?", {
    tags: ["@param list  Words"],
  }),

  entry(
    "SQL/JSON",
    `select json_object('a': c.email) as a, json_array(c.email) as b, json_arrayagg(c.id) over () as d, c.extra is json as e, '{}' is json as f ${from}`,
    "a b d e? f",
    { since: 16 },
  ),
  entry(
    "SQL/JSON",
    `select json_arrayagg(c.email) as a, json_objectagg(c.name: c.email) as b ${from}`,
    "a? b?",
    { since: 16 },
  ),
  entry(
    "SQL/JSON",
    `select c.name, json_arrayagg(c.email) as a, json_array(select p.note from shop.purchase as p) as b, any_value(c.id) as d ${from} group by c.name`,
    "name a b? d",
    { since: 16 },
  ),
  entry(
    "SQL/JSON",
    `select json_scalar(c.name) as a, json(c.email) as b, json_value(c.extra, '$.a') as d, json_query(c.extra, '$') as e ${from}`,
    "a b? d? e?",
    { since: 17 },
  ),
  entry(
    "json_table",
    `select t.a, t.n ${from}, json_table(c.extra, '$[*]' columns (n for ordinality, a text path '$.a')) as t`,
    "a? n~",
    { since: 17 },
  ),
];
