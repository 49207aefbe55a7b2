-- name: take_space_turn :value
-- title: Wait for the space of uploads
-- One upload at a time looks at the space, in all replicas of the server; the turn ends with the transaction.
--
-- @allow read-tool-writes  The lock is the purpose, and it changes nothing

select pg_advisory_xact_lock(7237125470918431)::text as turn;
