-- Replaces the ledger of a materialization if it is as it was read (docs/formats/materialization-ledger.md).
-- KEYS[1] the hash of ledgers; ARGV[1] the field; ARGV[2] the text that was read, or empty where there was none; ARGV[3] the new one.
-- Returns 1 when it was stored, 0 when it is not as it was read.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
