/**
 * Every way to be wrong has a file under tests/fixtures/broken. `found` says what each of them must be told, and
 * broken_snapshot.txt how it looks; `UPDATE_SNAPSHOTS=1 deno test --allow-read --allow-write --allow-env` rewrites the latter.
 */
import assert from "node:assert/strict";
import { formatDiagnostic } from "../../src/query/diagnostic.ts";
import { loadQueries } from "../../src/query/loader.ts";
import { rules } from "../../src/query/rules/rule_list.ts";

const directory = new URL("../fixtures/broken/", import.meta.url);
const snapshot = new URL("broken_snapshot.txt", import.meta.url);

/** Path, then `code line:column` of every diagnostic of that file, in order. */
const found: Record<string, string[]> = {
  "a_b/c.sql": ["tool-duplicate 1:1"],
  "at_top.sql": ["layout 1:1"],
  "header/after_kind.sql": ["header-syntax 1:26"],
  "header/continues_nothing.sql": ["header-syntax 5:8"],
  "header/description_missing.sql": ["description-missing 1:1"],
  "header/empty.sql": ["header-syntax 1:1"],
  "header/kind_missing.sql": ["header-syntax 1:22"],
  "header/kind_unknown.sql": ["header-syntax 1:23"],
  "header/name_other_file.sql": ["name-matches-file 1:10"],
  "header/name_spacing.sql": ["header-syntax 1:10"],
  "header/name_upper.sql": ["header-syntax 1:10"],
  "header/no_blank_line.sql": ["header-syntax 3:1"],
  "header/no_name_line.sql": ["header-syntax 1:4"],
  "header/no_space.sql": ["header-syntax 2:3"],
  "header/prose_after_tag.sql": ["header-syntax 4:4"],
  "header/second_name.sql": ["header-syntax 8:1"],
  "header/tag_indented.sql": ["header-syntax 3:5"],
  "header/title_empty.sql": ["header-syntax 2:10"],
  "header/title_late.sql": ["header-syntax 3:4"],
  "kind/copy_creates.sql": ["kind-mismatch 1:23"],
  "kind/copy_kept.sql": ["temporary-kept 5:24"],
  "kind/copy_no_columns.sql": ["column-unnamed 5:6"],
  "kind/copy_option.sql": ["syntax-error 5:50"],
  "kind/copy_selects.sql": ["kind-mismatch 1:23"],
  "kind/copy_twice.sql": ["one-statement 7:1"],
  "kind/exec_selects.sql": ["kind-mismatch 1:23"],
  "kind/explains.sql": ["kind-mismatch 1:19"],
  "kind/many_inserts.sql": ["kind-mismatch 1:23"],
  "kind/no_statement.sql": ["one-statement 6:1"],
  "kind/report_of_none.sql": ["kind-mismatch 1:25"],
  "kind/two_statements.sql": ["one-statement 7:1"],
  "kind/unnest_without.sql": ["kind-mismatch 1:25"],
  "kind/value_of_two.sql": ["kind-mismatch 1:23"],
  "kind/view_creates.sql": ["kind-mismatch 1:23"],
  "kind/view_selects.sql": ["kind-mismatch 1:23"],
  "layout/deeper/file.sql": ["layout 1:1"],
  "layout/find.SQL": ["layout 1:1"],
  "lint/column_duplicate.sql": ["column-duplicate 5:21"],
  "lint/column_unnamed.sql": ["column-unnamed 5:21"],
  "lint/eq_null.sql": ["eq-null 7:20", "eq-null 7:42"],
  "lint/constant_order.sql": ["in-one-value 10:23", "constant-order 11:10"],
  "lint/forbidden_copy_file.sql": ["forbidden 5:1"],
  "lint/forbidden_copy_program.sql": ["forbidden 5:1"],
  "lint/forbidden_do.sql": ["forbidden 5:1"],
  "lint/forbidden_function.sql": ["forbidden 6:32", "forbidden 7:22", "forbidden 7:39"],
  "lint/forbidden_set.sql": ["forbidden 5:1"],
  "lint/unnest_outcome_unknown.sql": ["param-unused 6:11", "unnest-outcome-unknown 8:1"],
  "lint/forbidden_transaction.sql": ["forbidden 6:1", "one-statement 6:1"],
  "lint/json_agg_null.sql": ["json-agg-null 5:31"],
  "lint/many_unbounded.sql": ["many-unbounded 1:25"],
  "lint/no_where.sql": ["no-where 5:27", "no-where 6:8"],
  "lint/not_in_subquery.sql": ["not-in-subquery 7:19"],
  "lint/read_tool_writes.sql": ["read-tool-writes 5:27", "read-tool-writes 6:18", "read-tool-writes 8:1"],
  "lint/select_into.sql": ["read-tool-writes 5:25"],
  "lint/select_star.sql": ["select-star 6:10"],
  "lint/unqualified_table.sql": ["unqualified-table 5:40"],
  "module/_module.sql": ["tag-misplaced 3:4", "unknown-tag 4:4"],
  "module/above.sql": ["tag-value 5:10", "tag-value 6:13"],
  "module_named/_module.sql": ["header-syntax 1:4", "header-syntax 2:4", "header-syntax 4:1"],
  "param/default_above.sql": ["tag-value 5:15"],
  "param/default_missing.sql": ["tag-value 5:13"],
  "param/default_null.sql": ["tag-value 5:15"],
  "param/flow_keyword.sql": ["tag-value 5:21"],
  "param/flow_more.sql": ["tag-value 5:33"],
  "param/flow_one_space.sql": ["tag-value 5:19"],
  "param/flow_open.sql": ["tag-value 5:20"],
  "param/flow_pattern.sql": ["tag-value 6:18"],
  "param/flow_range.sql": ["tag-value 5:42"],
  "param/flow_twice.sql": ["tag-value 5:33"],
  "param/flow_type.sql": ["tag-value 5:21"],
  "param/flow_value.sql": ["tag-value 5:32"],
  "param/from_other.sql": ["tag-value 5:18"],
  "param/in_view.sql": ["param-misplaced 6:71"],
  "param/name.sql": ["tag-value 5:11"],
  "param/no_text.sql": ["tag-value 5:11"],
  "param/one_space.sql": ["tag-value 5:13"],
  "param/optional_default.sql": ["tag-value 5:12"],
  "param/quoted_name.sql": ["param-name 7:8"],
  "param/reserved.sql": ["param-reserved 8:71"],
  "param/text_parted.sql": ["tag-value 5:20"],
  "param/twice.sql": ["tag-duplicate 6:11"],
  "param/undeclared.sql": ["param-undeclared 5:71"],
  "param/undeclared_near.sql": ["param-unused 5:11", "param-undeclared 7:71"],
  "param/unused.sql": ["param-unused 6:11"],
  "tag/allow_never.sql": ["tag-value 5:11"],
  "tag/allow_no_reason.sql": ["tag-value 5:11"],
  "tag/allow_unknown.sql": ["tag-value 5:11"],
  "tag/below_header.sql": ["tag-misplaced 5:4"],
  "tag/cache.sql": ["tag-unbuilt 5:4", "tag-value 5:11", "tag-value 5:14"],
  "tag/chart.sql": ["tag-unbuilt 5:4", "tag-value 5:11"],
  "tag/column.sql": ["column-unknown 5:12"],
  "tag/column_says_nothing.sql": ["tag-value 5:12"],
  "tag/complete.sql": ["tag-unbuilt 5:4", "tag-value 5:17"],
  "tag/confirm.sql": ["tag-unbuilt 5:4", "tag-value 5:13"],
  "tag/deprecated.sql": ["tag-value 5:16"],
  "tag/deprecated_unknown.sql": ["tag-value 5:20"],
  "tag/empty_value.sql": ["tag-value 5:4"],
  "tag/example_alias.sql": ["tag-value 5:22"],
  "tag/example_expects.sql": ["tag-value 5:25"],
  "tag/example_kind.sql": ["tag-value 5:25"],
  "tag/example_name.sql": ["tag-value 5:13"],
  "tag/example_nothing.sql": ["tag-value 5:19"],
  "tag/example_yaml.sql": ["tag-value 5:18"],
  "tag/filter.sql": ["tag-value 5:16"],
  "tag/filter_misplaced.sql": ["tag-misplaced 5:4"],
  "tag/hint.sql": ["tag-value 5:10"],
  "tag/hint_contradicts.sql": ["tag-value 6:10"],
  "tag/hint_read.sql": ["tag-value 5:10"],
  "tag/max_cost.sql": ["tag-value 5:14"],
  "tag/misplaced.sql": ["tag-misplaced 5:4"],
  "tag/order.sql": ["tag-value 5:15"],
  "tag/page.sql": ["tag-value 5:14"],
  "tag/page_limit.sql": ["page-limit 7:56", "page-limit 7:65"],
  "tag/page_order.sql": ["page-order 7:73"],
  "tag/page_unknown.sql": ["column-unknown 5:15"],
  "tag/resource.sql": ["tag-unbuilt 5:4", "tag-value 5:14"],
  "tag/resource_variable.sql": ["tag-unbuilt 5:4", "tag-value 5:14"],
  "tag/role.sql": ["tag-value 5:10"],
  "tag/rows.sql": ["tag-value 5:10"],
  "tag/scope.sql": ["tag-value 5:11"],
  "tag/tab.sql": ["tag-value 5:11"],
  "tag/timeout.sql": ["tag-value 5:13"],
  "tag/tokens.sql": ["tag-unbuilt 5:4", "tag-value 5:12"],
  "tag/twice.sql": ["tag-duplicate 6:4"],
  "tag/unbuilt_cache.sql": ["tag-unbuilt 5:4"],
  "tag/unbuilt_chart.sql": ["tag-unbuilt 5:4"],
  "tag/unbuilt_complete.sql": ["tag-unbuilt 6:4"],
  "tag/unbuilt_confirm.sql": ["tag-unbuilt 5:4"],
  "tag/unbuilt_param_from.sql": ["tag-unbuilt 5:13"],
  "tag/unbuilt_resource.sql": ["tag-unbuilt 5:4"],
  "tag/unbuilt_tokens.sql": ["tag-unbuilt 5:4"],
  "tag/unbuilt_untrusted.sql": ["tag-unbuilt 5:4"],
  "tag/unknown.sql": ["unknown-tag 5:4"],
  "tag/untrusted.sql": ["tag-unbuilt 5:4", "column-unknown 5:15"],
  "text/bytes_above.sql": ["syntax-error 6:31"],
  "text/comment_open.sql": ["unterminated 5:17"],
  "text/crlf_tab.sql": ["syntax-error 7:8"],
  "text/dollar_open.sql": ["unterminated 5:18"],
  "text/escape_string_open.sql": ["unterminated 5:23"],
  "text/identifier_parameter.sql": ["param-name 5:28"],
  "text/meta_command.sql": ["syntax-error 5:17"],
  "text/not_utf8.sql": ["encoding 5:12"],
  "text/nul.sql": ["encoding 5:9"],
  "text/positional.sql": ["positional-parameter 5:8"],
  "text/quote_open.sql": ["unterminated 5:13"],
  "text/slice.sql": ["slice-spacing 5:23"],
  "text/string_open.sql": ["unterminated 5:8"],
  "text/utf16.sql": ["encoding 1:1"],
  "very_long_name_of_a_module_for_nothing/and_a_very_long_name_of_a_file.sql": ["tool-name 1:10"],
};

const loaded = await loadQueries(directory.pathname);

Deno.test("loadQueries() tells every broken file's errors, each at its place, and none twice", () => {
  const actual: Record<string, string[]> = {};
  for (const { path, code, line, column } of loaded.diagnostics) {
    (actual[path] ??= []).push(`${code} ${line}:${column}`);
  }
  for (const path of new Set([...Object.keys(found), ...Object.keys(actual)])) {
    assert.deepEqual(actual[path], found[path], path);
  }
});

Deno.test("loadQueries() keeps the files beside broken ones and gives no broken file", () => {
  assert.deepEqual(loaded.queries.map(({ path }) => path), ["a/b_c.sql", "module_named/fine.sql"]);
});

Deno.test("every rule that a text can break has a file that breaks it", () => {
  // A file above a mebibyte is not kept in the repository: query_test.ts makes one.
  const elsewhere = new Set(["too-large"]);
  const broken = new Set<string>(loaded.diagnostics.map(({ code }) => code));
  for (const [code, rule] of Object.entries(rules)) {
    if (rule.checked === "text" && !elsewhere.has(code)) assert.ok(broken.has(code), code);
  }
});

Deno.test("formatDiagnostic() shows every broken file as the snapshot has it", async () => {
  const actual = loaded.diagnostics
    .map((diagnostic) => formatDiagnostic(diagnostic, loaded.sources.get(diagnostic.path) ?? null) + "\n")
    .join("\n");
  const access = await Deno.permissions.query({ name: "env", variable: "UPDATE_SNAPSHOTS" });
  if (access.state === "granted" && Deno.env.get("UPDATE_SNAPSHOTS") === "1") {
    await Deno.writeTextFile(snapshot, actual);
  }
  assert.equal(actual, await Deno.readTextFile(snapshot));
});
