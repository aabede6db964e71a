-- Writes a dead letter and acknowledges its entry, in one step (docs/concepts/streams.md).
-- KEYS[1] the stream; KEYS[2] the dead letters; ARGV[1] the group; ARGV[2] the entry; ARGV[3] letters that are kept, about; ARGV[4..] the letter's fields and values.
-- An entry that is not pending has its letter, from a call whose answer was lost or from another member: returns 0, else 1.
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then
  return 0
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1
