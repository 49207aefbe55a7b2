/**
 * What other programs write into a connection string that PostgreSQL's own clients do not know: whose it is,
 * and what to write instead. Applications keep one DATABASE_URL for all, so it is met often.
 */

const takeOut = "take it out of sqlwright's connection string";

/** By the parameter's name: a sentence without its end. */
export const foreignParameters: Readonly<Record<string, string>> = {
  schema: `Prisma's, the schema of its models: ${takeOut}, query files write \`schema.table\``,
  connection_limit: `Prisma's, the size of its pool: ${takeOut} and set SQLWRIGHT_POOL_SIZE`,
  pool_timeout: `Prisma's, the wait for its pool: ${takeOut} and set SQLWRIGHT_QUEUE_TIMEOUT`,
  pgbouncer: `Prisma's, for a pooler: ${takeOut}, sqlwright finds a pooler out by itself`,
  sslaccept: `Prisma's: ${takeOut} and write sslmode=require or sslmode=verify-full`,
  sslidentity: `Prisma's client certificate: ${takeOut}`,
  socket_timeout: `Prisma's: ${takeOut} and set SQLWRIGHT_TIMEOUT`,
  statement_cache_size: `Prisma's and asyncpg's: ${takeOut}, sqlwright needs no such setting`,
  prepared_statement_cache_size: `asyncpg's: ${takeOut}, sqlwright needs no such setting`,
  prepareThreshold: `JDBC's: ${takeOut}, sqlwright needs no such setting`,
  currentSchema: `JDBC's: ${takeOut}, query files write \`schema.table\``,
  ssl: `of JDBC and of asyncpg: write sslmode=require or sslmode=verify-full`,
  sslMode: `written otherwise by JDBC's neighbours: write sslmode in lower-case letters`,
  search_path: `Go's pgx's: ${takeOut}, query files write \`schema.table\``,
  pool_max_conns: `Go's pgx's, the size of its pool: ${takeOut} and set SQLWRIGHT_POOL_SIZE`,
  pool: `Rails', the size of its pool: ${takeOut} and set SQLWRIGHT_POOL_SIZE`,
  prepared_statements: `Rails': ${takeOut}, sqlwright needs no such setting`,
};

/** Whose a parameter is; null for one that nobody is known for. */
export function foreignParameter(name: string): string | null {
  return Object.hasOwn(foreignParameters, name) ? foreignParameters[name]! : null;
}
