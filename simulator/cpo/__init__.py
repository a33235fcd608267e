"""The CPO core: a CSMS towards stations, a CPO towards roaming peers, and the book between them."""
