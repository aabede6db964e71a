-- Stores an online row unless a greater one is there (docs/formats/online-row.md, "Online row").
-- KEYS[1] the hash; ARGV[1] the field; ARGV[2] the row. A row at or before the deletion of the entity is not stored.
-- Returns 1 when the row was stored, 0 when the one that is there stays, -1 when the stored bytes are no row of the same layout.
-- Times are compared as pairs of 32 bit halves, since a Lua number holds only 53 bits; bytes as bytes, since < on strings follows the locale.
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
  local high, low = time_at(new, 6)
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

-- Offset of the created time (the event time stands for it where it is equal) and of the null bitmap.
local function layout(row)
  if byte(row, 1) % 2 == 1 then return 14, 22 end
  return 6, 14
end

local old_created, old_body = layout(old)
local new_created, new_body = layout(new)
if #old < old_body - 1 or byte(old, 1) - byte(old, 1) % 16 ~= byte(new, 1) - byte(new, 1) % 16 or sub(old, 2, 5) ~= sub(new, 2, 5) then
  return -1
end

-- Positive when the new row is greater.
local function compare_times(i, j)
  local h, l = time_at(old, i)
  local nh, nl = time_at(new, j)
  if nh ~= h then return nh - h end
  return nl - l
end

local order = compare_times(6, 6)
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
