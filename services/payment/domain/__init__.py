"""Pure rules of money: no I/O, no clock, no protobuf, no SQL. Amounts are int64 micro-euros."""
