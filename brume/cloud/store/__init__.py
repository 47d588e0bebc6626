"""The store: what tenants asked for, in SQL, with a journal of what changed.

    columns      a declaration -> a SQLAlchemy table, and rows to and from SQL values
    statements   SQLAlchemy statements compiled once to text, then run on the DB-API cursor as they are
    session      get, find, select, insert, update, delete: what a rule sees
    journal      one row per change, written in the same SQL transaction
    engine       Store: opens a database, gives sessions, tells listeners after the commit
    schema       all tables as one MetaData; makes a fresh database without alembic
    sqlite       the one file with SQLite's own SQL

SQLAlchemy Core describes and compiles; the ORM is not used. Start reading in `session.py`.
"""
