-- Deletes the rows and events of one entity at or before a time, and remembers that time (docs/formats/online-row.md, "Deletion").
-- KEYS[1] the hash of rows, KEYS[2] the hash of window blocks; ARGV[1] the time, 8 bytes; then per hop block that was read: the field, SHA-1 of the block or
-- empty where there was none, the block without what is deleted.
-- Returns 1 when all is done, 0 when a hop block is not as it was read, -2 when there is one that is not among the arguments. In the latter two nothing changes.
-- Times are compared as pairs of 32 bit halves, since a Lua number holds only 53 bits.
local byte, sub, floor = string.byte, string.sub, math.floor

local function time_at(s, i)
  local a, b, c, d, e, f, g, h = byte(s, i, i + 7)
  if h >= 128 then h = h - 256 end
  return ((h * 256 + g) * 256 + f) * 256 + e, ((d * 256 + c) * 256 + b) * 256 + a
end

local until_high, until_low = time_at(ARGV[1], 1)
local function is_deleted(s, i)
  local h, l = time_at(s, i)
  return h < until_high or (h == until_high and l <= until_low)
end

local kept = {}
for i = 2, #ARGV, 3 do
  kept[ARGV[i]] = i
end

local function number(count)
  return string.char(count % 256, floor(count / 256) % 256, floor(count / 65536) % 256, floor(count / 16777216) % 256)
end

-- First all changes, then all writes.
local changes = {}
local windows = redis.call('HGETALL', KEYS[2])
for i = 1, #windows, 2 do
  local field, block = windows[i], windows[i + 1]
  if field ~= '!' then
    local at = kept[field]
    if #block >= 40 and byte(block, 1) == 17 then
      if at then
        if redis.sha1hex(block) ~= ARGV[at + 1] then return 0 end
        changes[field] = is_deleted(block, 33) and '' or ARGV[at + 2]
      elseif is_deleted(block, 33) then
        changes[field] = ''
      else
        return -2
      end
    elseif at and ARGV[at + 1] ~= '' then
      return 0
    elseif #block >= 24 and byte(block, 1) == 16 then
      local low, high = byte(block, 3, 4)
      local width = low + high * 256
      local first = 25
      while first + width - 1 <= #block and is_deleted(block, first) do
        first = first + width
      end
      local rest = sub(block, first)
      if #rest == 0 and is_deleted(block, 17) then
        changes[field] = ''
      elseif first > 25 then
        changes[field] = sub(block, 1, 4) .. number(#rest / width) .. sub(block, 9, 24) .. rest
      end
    else
      changes[field] = ''
    end
    if at then kept[field] = nil end
  end
end
for _, at in pairs(kept) do
  if ARGV[at + 1] ~= '' then return 0 end
end

for field, block in pairs(changes) do
  if block == '' then
    redis.call('HDEL', KEYS[2], field)
  else
    redis.call('HSET', KEYS[2], field, block)
  end
end
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local field, row = rows[i], rows[i + 1]
  local first = byte(row, 1) or 0
  local event = first - first % 16 == 32 and 4 or first - first % 16 == 16 and 6 or 0
  if field ~= '!' and (event == 0 or #row < event + 7 or is_deleted(row, event)) then
    redis.call('HDEL', KEYS[1], field)
  end
end
for i = 1, 2 do
  local known = redis.call('HGET', KEYS[i], '!')
  if not known or is_deleted(known, 1) then
    redis.call('HSET', KEYS[i], '!', ARGV[1])
  end
  -- Where nothing else is left the key goes too, since it holds the entity's id: a day is longer than any writer that does not know of the deletion yet.
  if redis.call('HLEN', KEYS[i]) == 1 then
    redis.call('PEXPIRE', KEYS[i], 86400000)
  end
end
return 1
