-- Stores an online row unless a greater one is there (docs/formats/online-row.md, "Online row").
-- KEYS[1] the hash; ARGV[1] the field; ARGV[2] the row. A row at or before the deletion of the entity is not stored.
-- ARGV[3], where there is one: until when the write is good, microseconds by this server's clock.
-- Returns -3 when it is not any more, 1 when the row was stored, 0 when the one that is there stays, -1 when the stored bytes are no row of the same layout.
-- Times are compared as pairs of 32 bit halves, since a Lua number holds only 53 bits; bytes as bytes, since < on strings follows the locale.
-- A write of a materialization is good until a time of this server: one that lost its turn writes nothing any more.
if ARGV[3] then
  local now = redis.call('TIME')
  if tonumber(now[1]) * 1000000 + tonumber(now[2]) > tonumber(ARGV[3]) then
    return -3
  end
end
local byte, sub = string.byte, string.sub
local new = ARGV[2]
local values = redis.call('HMGET', KEYS[1], ARGV[1], '!')
local old, deleted = values[1], values[2]

local function time_at(s, i)
  local a, b, c, d, e, f, g, h = byte(s, i, i + 7)
  if h >= 128 then h = h - 256 end
  return ((h * 256 + g) * 256 + f) * 256 + e, ((d * 256 + c) * 256 + b) * 256 + a
end

if deleted then
  local until_high, until_low = time_at(deleted, 1)
  local high, low = time_at(new, byte(new, 1) >= 32 and 4 or 6)
  if high < until_high or (high == until_high and low <= until_low) then
    return 0
  end
  redis.call('PERSIST', KEYS[1])
end
if not old then
  redis.call('HSET', KEYS[1], ARGV[1], new)
  return 1
end
if old == new then
  return 0
end

-- Positions of the event time, of the created time (the event time stands for it where it is equal) and of the body, in both formats.
local function layout(row)
  local first = byte(row, 1) or 0
  local version = first - first % 16
  if version ~= 16 and version ~= 32 then return nil end
  local event = version == 32 and 4 or 6
  if first % 2 == 1 then return event, event + 8, event + 16 end
  return event, event, event + 8
end

local old_event, old_created, old_body = layout(old)
local new_event, new_created, new_body = layout(new)
if not old_event or #old < old_body - 1 or sub(old, 2, 3) ~= sub(new, 2, 3) then
  return -1
end

-- Positive when the new row is greater.
local function compare_times(i, j)
  local h, l = time_at(old, i)
  local nh, nl = time_at(new, j)
  if nh ~= h then return nh - h end
  return nl - l
end

local order = compare_times(old_event, new_event)
if order == 0 then
  order = compare_times(old_created, new_created)
end
if order == 0 then
  local old_hash, new_hash = redis.sha1hex(sub(old, old_body)), redis.sha1hex(sub(new, new_body))
  for i = 1, 40 do
    order = byte(new_hash, i) - byte(old_hash, i)
    if order ~= 0 then break end
  end
end
if order <= 0 then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], new)
return 1
