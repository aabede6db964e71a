-- The ledger of a materialization and the time of this server (docs/formats/materialization-ledger.md).
-- KEYS[1] the hash of ledgers; ARGV[1] the field. Returns { text or false, seconds, microseconds }.
local text = redis.call('HGET', KEYS[1], ARGV[1])
local now = redis.call('TIME')
return { text, now[1], now[2] }
