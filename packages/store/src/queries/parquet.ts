/** A Parquet file as a table: a statement whose rows stream cannot have bound parameters. */
export const createParquet = `CREATE OR REPLACE TABLE coalmine_parquet AS file({file:String}, 'Parquet')`

export const createFirstRow = `CREATE TEMPORARY TABLE coalmine_first_row AS SELECT {row:UInt64} AS Row`

export const parquetColumns = `
  SELECT name, type
  FROM system.columns
  WHERE database = currentDatabase() AND table = 'coalmine_parquet'
  ORDER BY position`

/** Rows in the file's order, each behind its number; times are seconds since 1970. */
export const readParquet = `
  SELECT _row_number, *
  FROM coalmine_parquet
  WHERE _row_number >= (SELECT Row FROM coalmine_first_row)
  SETTINGS
    input_format_parquet_preserve_order = 1,
    session_timezone = 'UTC',
    date_time_output_format = 'unix_timestamp',
    output_format_json_quote_64bit_integers = 1,
    output_format_json_quote_decimals = 1,
    output_format_json_named_tuples_as_objects = 1,
    max_memory_usage = 2000000000`

export const dropParquet = `DROP TABLE IF EXISTS coalmine_parquet`
