-- Replaces a hop block if nothing was written since it was read (docs/formats/online-row.md, "Hop block").
-- KEYS[1] the hash; ARGV[1] the field; ARGV[2] SHA-1 of the block that was read, or empty where there was none; ARGV[3] until when the entity was
-- deleted, as it was read, or empty; ARGV[4] the new block, empty to have none.
-- ARGV[5], where there is one: until when the write is good, microseconds by this server's clock.
-- Returns -3 when it is not any more, 1 when it was stored, 0 when the field or the deletion is not as it was read.
-- A write of a materialization is good until a time of this server: one that lost its turn writes nothing any more.
if ARGV[5] then
  local now = redis.call('TIME')
  if tonumber(now[1]) * 1000000 + tonumber(now[2]) > tonumber(ARGV[5]) then
    return -3
  end
end
local values = redis.call('HMGET', KEYS[1], ARGV[1], '!')
local digest = values[1] and redis.sha1hex(values[1]) or ''
if digest ~= ARGV[2] or (values[2] or '') ~= ARGV[3] then
  return 0
end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
  if values[2] then
    redis.call('PERSIST', KEYS[1])
  end
end
return 1
