-- name: take_load_turn :value
-- title: Wait for a load with the same key
-- Waits until no other load with the same key runs; the turn ends with the transaction. A statement of its own, because the next one must
-- see what the other load has committed.
--
-- @param load   Tool and key
-- @allow read-tool-writes  The lock is the purpose, and it changes nothing

select pg_advisory_xact_lock(hashtextextended(:load::text, 7253018))::text as turn;
