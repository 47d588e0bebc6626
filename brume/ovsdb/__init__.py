"""OVSDB (RFC 7047): typed tables, references that hold, transactions with ovsdb-server's answers.

    types.py           what values a column may hold
    columns.py         how a row class declares a table
    schema.py          tables as a schema, and its .ovsschema JSON

Start reading in `columns.py`. The northbound and southbound schemas are declared with it.
"""
