"""Drift: what somebody wrote into NB or SB beside what the cloud derives, and what was put right. `brume drift`.

    northbound.hands  ----+
    keeper.corrections ---+--> report.py: findings, with the cloud's resources behind them --> text.py
    provenance -----------+

    report.py    what is found, as values
    text.py      how it is said; `service/cloud_commands.py` says it

What is kept and what is put right is decided in `northbound/hands.py` and `southbound/strangers.py`; here it is only
told.
"""
