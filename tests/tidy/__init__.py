"""The house rules that a machine can check, each with good and bad examples.

`rule` says what a rule is and which files exist; `text`, `python`, `sql` and `docs` hold the
rules; `statements` reads .sql files with PostgreSQL's own parser; `arrow` knows which folder may
use which. tests/test_tidy.py applies the rules; tests/test_sql.py and tests/test_boundaries.py
use the readers.
"""
