"""Derivation: one stage's rows made from another's by rules, and kept true by re-running only what read a change.

    source database --ChangeSet--> Engine: which rules read this? re-run them --> target database

    rules.py     what a rule and a derived value are: plain functions, declared with `@rule` and `@derived`
    view.py      what a rule may read, and the record of what it did read
    nodes.py     what the engine keeps of a rule instance and of a memoised value
    engine.py    who must run again; full compile and incremental change are the same code
    outputs.py   who made which output row, and what to write when makers come and go
    keeper.py    what others change of the output rows is put right, and remembered

The idea is salsa's and DDlog's. Two levels: a *rule* runs once for each row of its source table and yields output
rows; a *derived value* is a memoised function that rules (and other derived values) call. When a derived value is
computed again and comes out equal, nobody who read it runs.

Words: an *instance* is one rule for one source row. A *node* is one thing that can be read: a row, an index bucket,
one side of a relation, a whole table, a derived value.
"""
