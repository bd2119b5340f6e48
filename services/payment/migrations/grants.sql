-- What the service's role may not do, though it may change tables in general.
revoke update, delete, truncate on ledger_entries, ledger_transactions, ledger_blocks, prices
    from {role};
revoke delete, truncate on accounts, holds from {role};
-- Of an action only its way through the log changes: never what happened or what it costs.
revoke update, delete, truncate on action_log from {role};
grant update (status, waits_for, retry_count, last_error, next_attempt_at, processed_at,
              transaction_id, payload, trace) on action_log to {role};
