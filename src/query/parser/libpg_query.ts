/**
 * Postgres' own parser, as WebAssembly from libpg-query, in a process that may read no file but its query
 * files.
 *
 * The package's entry reads its .wasm from the disk and begins to do so at import, which the sandboxed server
 * is not allowed to. So this takes the package's glue code and the module that `parser_wasm.js` imports, and
 * reads the answer as the package does. Both are fetched once, lazily: a start from the lock parses nothing.
 */

/** What libpg-query says about SQL that is none. */
export class SqlSyntaxError extends Error {
  override readonly name = "SqlSyntaxError";
  /** 0-based, in code points; 0 too where the parser names no place. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** One statement as libpg-query gives it; offsets are UTF-8 bytes, and left out when zero. */
export interface RawStatement {
  stmt?: Record<string, Record<string, unknown>>;
  stmt_location?: number;
  stmt_len?: number;
}

/** The part of Emscripten's module that is used here. */
interface ParserModule {
  lengthBytesUTF8(text: string): number;
  stringToUTF8(text: string, pointer: number, size_bytes: number): void;
  UTF8ToString(pointer: number): string;
  getValue(pointer: number, type: "i32"): number;
  _malloc(size_bytes: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(query: number): number;
  _wasm_free_parse_result(result: number): void;
}

interface ModuleOptions {
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): void;
}

type CreateModule = (options: ModuleOptions) => Promise<ParserModule>;

let loading: Promise<ParserModule> | null = null;
let parser: ParserModule | null = null;

/** Has to be awaited once before anything is parsed; after that it is free. */
export async function loadParser(): Promise<void> {
  parser ??= await (loading ??= createParser());
}

/**
 * Throws `SqlSyntaxError`, and `RangeError` or `WebAssembly.RuntimeError` for what is nested beyond the
 * stack.
 */
export function parseSql(text: string): RawStatement[] {
  if (parser === null) throw new Error("Cannot parse SQL: loadParser has not been awaited");
  const { _malloc, _free, _wasm_parse_query_raw, _wasm_free_parse_result, UTF8ToString } = parser;
  const { lengthBytesUTF8, stringToUTF8, getValue } = parser;
  const size_bytes = lengthBytesUTF8(text) + 1;
  const query = _malloc(size_bytes);
  let result = 0;
  try {
    stringToUTF8(text, query, size_bytes);
    result = _wasm_parse_query_raw(query);
    if (result === 0) throw new RangeError("Cannot parse SQL: the parser is out of memory");
    // PgQueryParseResult: the tree, what went to stderr, the error; PgQueryError: message, function, file,
    // line, position.
    const tree = getValue(result, "i32");
    const error = getValue(result + 8, "i32");
    if (error !== 0) {
      const position = getValue(error + 16, "i32");
      throw new SqlSyntaxError(UTF8ToString(getValue(error, "i32")), Math.max(0, position - 1));
    }
    const { stmts = [] } = JSON.parse(UTF8ToString(tree)) as { stmts?: RawStatement[] };
    return stmts;
  } finally {
    _free(query);
    if (result !== 0) _wasm_free_parse_result(result);
  }
}

async function createParser(): Promise<ParserModule> {
  const [{ default: compiled }, glue] = await Promise.all([
    import("./parser_wasm.js") as Promise<{ default: WebAssembly.Module }>,
    import("libpg-query/wasm/libpg-query.js") as Promise<{ default: CreateModule }>,
  ]);
  return await glue.default({
    instantiateWasm(imports, done) {
      WebAssembly.instantiate(compiled, imports).then(done);
    },
  });
}
