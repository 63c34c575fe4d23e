import { DuckDBInstance, type Json } from '@duckdb/node-api';

/** Ask a DuckDB that is in memory. @param folder - Where relative names of files are looked for. @returns Rows by column. */
export const askDuckDb = async (query: string, folder: string): Promise<Record<string, Json>[]> => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(`SET file_search_path = '${folder}'`);
    return (await connection.runAndReadAll(query)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};
