"""Cells of CSV files that PostgreSQL writes."""

from psycopg import sql

# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
SAFE = sql.SQL(
    "CASE WHEN left({0}, 1) = ANY(ARRAY['=', '+', '-', '@', E'\\t', E'\\r', '＝', '＋', '－', '＠'])"
    " THEN '''' || {0} ELSE {0} END"
)
