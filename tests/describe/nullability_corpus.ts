/**
 * Statements over tests/fixtures/nullability/schema.sql, by construct, with what is true of each column of their answers:
 * `name` is never null and proven, `name?` can be null, `name~` is never null and not proven.
 */

import {
  type CorpusEntry,
  entry,
  expressionCorpus,
  from,
  withPurchases,
} from "./nullability_corpus_expressions.ts";

export const corpus: readonly CorpusEntry[] = [
  entry(
    "table",
    `select id, name, email, joined_on, referrer_id, tags, extra ${from}`,
    "id name email? joined_on referrer_id? tags extra?",
  ),
  entry("table", "select m.id, m.taken_on from shop.measured as m", "id taken_on"),
  entry("table", "select a.id, a.taken_on from shop.archived as a", "id? taken_on?"),
  entry("table", "select r.id from shop.remote as r", "id?"),
  entry("table", "select f.id from shop.frozen as f", "id?"),
  // A row can be inserted with `(select boxes … where false)`, which no check of the domain sees.
  entry("table", "select p.boxes, p.boxes::integer as plain from shop.purchase as p", "boxes? plain?"),
  entry("table", "select c.tableoid::text as a, c.ctid::text as b from shop.customer as c", "a~ b~"),

  entry(
    "left join",
    `select c.id, c.email, p.id as purchase, p.note ${withPurchases}`,
    "id email? purchase? note?",
  ),
  entry(
    "left join",
    "select p.id, c.name from shop.purchase as p left join shop.customer as c on c.id = p.customer_id",
    "id name?",
  ),
  entry(
    "left join",
    "select c.id, p.id as p, l.label from shop.customer as c left join (shop.purchase as p join shop.line as l on l.purchase_id = p.id) on p.customer_id = c.id",
    "id p? label?",
  ),
  entry(
    "left join",
    "select p.id, c.id as c, l.label from shop.purchase as p left join shop.customer as c on c.id = p.customer_id join shop.line as l on l.purchase_id = p.id",
    "id c? label",
  ),
  entry(
    "right join",
    "select c.id, p.id as purchase from shop.customer as c right join shop.purchase as p on p.customer_id = c.id",
    "id? purchase",
  ),
  entry(
    "full join",
    "select c.id, p.id as purchase from shop.customer as c full join shop.purchase as p on p.customer_id = c.id",
    "id? purchase?",
  ),
  entry(
    "full join",
    "select id, c.name, p.status from shop.customer as c full join shop.purchase as p using (id)",
    "id name? status?",
  ),
  entry(
    "full join",
    "select id from shop.customer as c full join shop.purchase as p using (id) full join shop.ruled as r using (id)",
    "id",
  ),
  entry(
    "full join",
    "select id from shop.line as l left join (shop.customer as c full join shop.purchase as p using (id)) on l.purchase_id = id",
    "id?",
  ),
  entry(
    "join",
    "select c.id, p.id as p from shop.customer as c join shop.purchase as p on p.customer_id = c.id",
    "id p",
  ),
  entry("join", "select c.id, p.id as p from shop.customer as c cross join shop.purchase as p", "id p"),
  entry(
    "join",
    "select id, c.name, p.status from shop.customer as c left join shop.purchase as p using (id)",
    "id name status?",
  ),
  entry(
    "join",
    "select id, c.name, p.status from shop.customer as c right join shop.purchase as p using (id)",
    "id name? status",
  ),
  entry(
    "join",
    "select j.a, j.f from (shop.customer as c left join shop.purchase as p on p.customer_id = c.id) as j (a, b, d, e, f, g, h, i, k)",
    "a f?",
  ),
  entry("join", "select j.id from (shop.customer as c join shop.purchase as p using (id)) as j", "id"),

  entry(
    "sub-query",
    `select s.id, s.email, s.one from (select c.id, c.email, 1 as one ${from}) as s`,
    "id email? one",
  ),
  entry(
    "sub-query",
    `select c.id, s.total from shop.customer as c left join (select p.customer_id, p.total from shop.purchase as p) as s on s.customer_id = c.id`,
    "id total?",
  ),
  entry(
    "lateral",
    `select c.id, s.total, t.n from shop.customer as c left join lateral (select p.total from shop.purchase as p where p.customer_id = c.id limit 1) as s on true cross join lateral (select count(*) as n, max(p.total) as m from shop.purchase as p where p.customer_id = c.id) as t`,
    "id total? n",
  ),
  entry(
    "lateral",
    `select s.a, s.b ${withPurchases} cross join lateral (select c.id as a, p.id as b) as s`,
    "a b?",
  ),
  entry(
    "lateral",
    `select s.a, s.b from shop.line as l left join shop.customer as c on true, lateral (select l.label as a, c.name as b) as s`,
    "a b?",
  ),

  entry(
    "view",
    "select v.id, v.name, v.purchase_id, v.total from shop.customer_purchase as v",
    "id name purchase_id? total?",
  ),
  entry(
    "view",
    "select v.purchase_id, v.lines, v.amount, v.last_label from shop.purchase_total as v",
    "purchase_id lines amount? last_label",
  ),
  entry(
    "view over view",
    "select v.id, v.name, v.total, v.lines, v.line_count from shop.overview as v",
    "id name total? lines? line_count",
  ),
  entry(
    "view over view",
    "select v.line_count from shop.line as l left join shop.overview as v on v.id = l.position",
    "line_count?",
  ),

  entry(
    "CTE",
    `with s as (select c.id, c.email ${from}) select s.id, s.email, t.id as other from s left join s as t on t.id = s.id + 1`,
    "id email? other?",
  ),
  entry(
    "CTE",
    `with s as materialized (select c.id, c.email ${from}), t as (select s.id, s.email from s where s.email is not null) select t.id, t.email from t`,
    "id email",
  ),
  entry(
    "CTE",
    `with s as (select 1 as x) select (with t as (select s.x from s) select count(t.x) from t) as n, (select s.x from s) as y`,
    "n y?",
  ),
  entry(
    "CTE",
    "with d as (delete from shop.line as l where l.amount is null returning l.label, l.amount) select d.label, d.amount from d",
    "label amount?",
    { kind: "many" },
  ),
  entry(
    "recursive CTE",
    "with recursive n as (select 1 as i union all select n.i + 1 from n where n.i < 5) select n.i from n",
    "i~",
  ),
  entry(
    "recursive CTE",
    `with recursive up as (select c.id, c.referrer_id ${from} union all select c.id, c.referrer_id from up join shop.customer as c on c.id = up.referrer_id) select up.id, up.referrer_id from up`,
    "id~ referrer_id?",
  ),
  entry(
    "recursive CTE",
    `with recursive up as (select 1 as i union all select up.i + 1 from up where up.i < 3), plain as (select c.id ${from}) select plain.id from plain`,
    "id",
  ),

  entry(
    "set operation",
    `select c.id as a, c.email as b ${from} union all select p.customer_id, p.note from shop.purchase as p`,
    "a b?",
  ),
  entry("set operation", `select c.id as a ${from} union select null::integer`, "a?"),
  entry(
    "set operation",
    `select c.id as a, c.email as b ${from} except select p.customer_id, null from shop.purchase as p`,
    "a b?",
  ),
  entry(
    "set operation",
    `select c.referrer_id as a, c.email as b ${from} intersect select p.customer_id, p.note from shop.purchase as p`,
    "a b?",
  ),
  entry("set operation", `(select 1 as a, 2 as b union all select 3, null) intersect all select 1, 2`, "a b"),

  entry(
    "group by",
    "select p.status, count(*) as n, count(p.note) as m, sum(p.total) as s, max(p.note) as x from shop.purchase as p group by p.status",
    "status n m s x?",
  ),
  entry(
    "group by",
    "select p.note, p.status from shop.purchase as p group by p.note, p.status",
    "note? status",
  ),
  entry("group by", "select p.id, p.status, p.note from shop.purchase as p group by p.id", "id status note?"),
  entry(
    "group by",
    `select c.id, count(p.id) as n, array_agg(p.id) as a, sum(p.total) as s, min(c.name) as m ${withPurchases} group by c.id`,
    "id n a s? m",
  ),
  entry(
    "group by",
    "select p.status, sum(p.total) filter (where p.note = 'x') as s, string_agg(p.note, ',') as t, stddev(p.total) as d, bool_and(p.total > 1) as b from shop.purchase as p group by p.status",
    "status s? t? d? b",
  ),
  entry(
    "group by",
    "select upper(p.status::text) as u, length(upper(p.status::text)) as l from shop.purchase as p group by upper(p.status::text)",
    "u l",
  ),
  entry(
    "aggregate",
    "select count(*) as n, sum(p.total) as s, array_agg(p.id) as a, coalesce(sum(p.total), 0) as z from shop.purchase as p",
    "n s? a? z",
  ),
  entry(
    "aggregate",
    "select count(distinct p.note) as n, max(p.id) as m from shop.purchase as p having count(*) > 0",
    "n m?",
  ),

  entry(
    "grouping sets",
    "select p.status, p.customer_id, count(*) as n, grouping(p.status) as g from shop.purchase as p group by rollup (p.status, p.customer_id)",
    "status? customer_id? n g",
  ),
  entry(
    "grouping sets",
    "select p.status, max(p.total) as m from shop.purchase as p group by cube (p.status)",
    "status? m?",
  ),
  entry(
    "grouping sets",
    "select coalesce(p.note, '-') as a, length(coalesce(p.note, '-')) as b, coalesce(coalesce(p.note, '-'), '') as d from shop.purchase as p group by rollup (coalesce(p.note, '-'))",
    "a? b? d",
  ),
  entry(
    "grouping sets",
    "select coalesce(p.status::text, 'all') as a, 1 as one, count(*) as n from shop.purchase as p group by grouping sets ((p.status), ())",
    "a one n",
  ),
  entry(
    "grouping sets",
    "select p.status, p.customer_id, (select p.status) as s from shop.purchase as p group by grouping sets ((p.status, p.customer_id), (p.status))",
    "status~ customer_id? s~",
  ),
  entry(
    "grouping sets",
    "select s.status, s.n from (select p.status, count(*) as n from shop.purchase as p group by rollup (p.status)) as s",
    "status? n",
  ),
  ...expressionCorpus,
];
