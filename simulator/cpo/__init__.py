"""The CPO core: a CSMS towards stations, a CPO towards roaming peers, and the book between them.

The way from plug-in to CDR:

    csms, csms_v16, csms_v201   a station's message: one function an action
    counter                     is the card good? asks `authorize` (pure), and the eMSP if need be
    ledger                      the transaction's event: into the book, then into its session
    session                     (pure) what follows: status, energy, periods, price, OCPI objects
      readings, tally           (pure) what the meter said, and what of it counts
      periods, cuts, billing    (pure) where a charging period ends; who pays, and what
    deliveries                  tells the peer: session, then CDR, until it has answered

Beside it: `sites` (what stands where), `roaming` and `roaming_*` (OCPI modules), `peers` (who is
connected), `dispatcher` and `calls` (what stations are asked), `book*` and `store` (SQLite), `run`.
"""
