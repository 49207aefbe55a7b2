/**
 * libpg-query's WebAssembly, compiled, as the module graph has it: through a source phase import, which
 * TypeScript cannot parse yet. The package's own entry reads the file instead, for which the sandboxed server
 * has no permission.
 */
import source module from "libpg-query/wasm/libpg-query.wasm";

export default module;
