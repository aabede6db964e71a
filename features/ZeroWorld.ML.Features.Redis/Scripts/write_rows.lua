-- Stores online rows, each unless a greater one is there (docs/formats/online-row.md, "Online row").
-- KEYS[i] the hash of one entity, all on one slot; ARGV[1] the field; ARGV[2] until when the writes are good, microseconds by this server's clock, or empty;
-- ARGV[i + 2] the row of KEYS[i]. One entity may occur more than once. A row at or before the deletion of its entity is not stored.
-- Returns how many rows are done, which is all of them; -3 when the time of the writes is over and none was stored; -1 when the stored bytes of one are no row
-- of the same layout: those before it are done, it and those behind it are not.
-- Times are compared as pairs of 32 bit halves, since a Lua number holds only 53 bits; bytes as bytes, since < on strings follows the locale.
-- A write of a materialization is good until a time of this server: one that lost its turn writes nothing any more.
if ARGV[2] ~= '' then
  local now = redis.call('TIME')
  if tonumber(now[1]) * 1000000 + tonumber(now[2]) > tonumber(ARGV[2]) then
    return -3
  end
end
local byte, sub, call, field = string.byte, string.sub, redis.call, ARGV[1]

local function time_at(s, i)
  local a, b, c, d, e, f, g, h = byte(s, i, i + 7)
  if h >= 128 then h = h - 256 end
  return ((h * 256 + g) * 256 + f) * 256 + e, ((d * 256 + c) * 256 + b) * 256 + a
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

-- Positive when the time at j of the new row is greater than that at i of the old one.
local function compare_times(old, i, new, j)
  local h, l = time_at(old, i)
  local nh, nl = time_at(new, j)
  if nh ~= h then return nh - h end
  return nl - l
end

-- Whether the new row is greater than the old one; nil when the old bytes are no row of the same layout.
local function is_greater(old, new)
  local old_event, old_created, old_body = layout(old)
  local new_event, new_created, new_body = layout(new)
  if not old_event or #old < old_body - 1 or sub(old, 2, 3) ~= sub(new, 2, 3) then
    return nil
  end
  local order = compare_times(old, old_event, new, new_event)
  if order == 0 then
    order = compare_times(old, old_created, new, new_created)
  end
  if order == 0 then
    local old_hash, new_hash = redis.sha1hex(sub(old, old_body)), redis.sha1hex(sub(new, new_body))
    for i = 1, 40 do
      order = byte(new_hash, i) - byte(old_hash, i)
      if order ~= 0 then break end
    end
  end
  return order > 0
end

local function is_deleted(deleted, new)
  local until_high, until_low = time_at(deleted, 1)
  local high, low = time_at(new, byte(new, 1) >= 32 and 4 or 6)
  return high < until_high or (high == until_high and low <= until_low)
end

-- Whether the new row is stored or need not be; false when the old bytes are no row of the same layout.
local function write(key, new)
  local values = call('HMGET', key, field, '!')
  local old, deleted = values[1], values[2]
  if deleted and is_deleted(deleted, new) then
    return true
  end
  if deleted then
    call('PERSIST', key)
  end
  if not old then
    call('HSET', key, field, new)
  elseif old ~= new then
    local greater = is_greater(old, new)
    if greater == nil then
      return false
    end
    if greater then
      call('HSET', key, field, new)
    end
  end
  return true
end

-- Nothing to compare with, and nothing deleted, where no hash is there at all: the first rows of entities cost a third less so. One of them may
-- come twice; and a user who may not ask is no failure.
local is_new = redis.pcall('EXISTS', (table.unpack or unpack)(KEYS)) == 0
for i = 1, #KEYS do
  local key, new = KEYS[i], ARGV[i + 2]
  if not (is_new and call('HSETNX', key, field, new) == 1) and not write(key, new) then
    return -1
  end
end
return #KEYS
