"""Writes pandas.parquet beside it: spans as a data frame has them. It needs pandas and pyarrow.

Last run with the versions that the file names in its metadata.
"""

import pathlib

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

start = pd.Timestamp("2025-01-15T10:00:00.123456789Z")
rows = range(6)
frame = pd.DataFrame(
    {
        "trace_id": [f"{n + 1:032x}" for n in rows],
        "span_id": pd.Series([(n + 1).to_bytes(8, "big") for n in rows]),
        "start_time": [start + pd.Timedelta(milliseconds=250 * n) for n in rows],
        "duration_ms": [10.5 * (n + 1) for n in rows],
        "service": pd.Categorical(["shop", "shop", "shop", "stock", "stock", "shop"]),
        "name": ["GET /café", "GET /cart", "POST /pay", "GET /left", "GET /left", "GET /cart"],
        "kind": ["SERVER"] * 6,
        "error": [False, False, True, False, False, None],
        "attributes": [{"http": {"route": f"/{n}", "status": 200 + n}, "user": None} for n in rows],
        "service.version": ["1.0.0", "2.0.0"] * 3,
        "retries": pd.array([0, 1, None, 0, 0, 2], dtype="Int64"),
    }
)
table = pa.Table.from_pandas(frame, preserve_index=False)
ids = table.column("span_id").cast(pa.binary(8))
table = table.set_column(table.schema.get_field_index("span_id"), "span_id", ids)
pq.write_table(table, pathlib.Path(__file__).with_name("pandas.parquet"), compression="zstd", row_group_size=4)
