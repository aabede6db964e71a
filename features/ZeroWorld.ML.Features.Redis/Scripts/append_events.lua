-- Merges new events into window blocks (docs/formats/online-row.md, "Append").
-- KEYS[i] the hash of one entity, all on one slot; ARGV[1] the field; ARGV[2] until when the writes are good, microseconds by this server's clock, or empty;
-- ARGV[3] events kept at most; ARGV[4] empty, or, where the new events are all that the history has of their entities, until when they arrived (8 bytes, as times are
-- in blocks): a block that was trimmed at or before it takes those from before its trim; ARGV[i + 4] a block of the new events of KEYS[i], already trimmed and capped.
-- Returns how many blocks are done, one or more: those of the first keys, the others are sent again (so that a call that meets large blocks does not hold up the
-- server); -3 when the time of the writes is over and none was stored; -1 when the stored bytes of one are no block of the same layout: those before it are done,
-- it and those behind it are not.
-- Times are compared as pairs of 32 bit halves, since a Lua number holds only 53 bits; bytes as bytes, since < on strings follows the locale.
-- A write of a materialization is good until a time of this server: one that lost its turn writes nothing any more.
if ARGV[2] ~= '' then
  local now = redis.call('TIME')
  if tonumber(now[1]) * 1000000 + tonumber(now[2]) > tonumber(ARGV[2]) then
    return -3
  end
end
local byte, sub, find, floor, call = string.byte, string.sub, string.find, math.floor, redis.call
local field, events_max = ARGV[1], tonumber(ARGV[3])

local function time_at(s, i)
  local a, b, c, d, e, f, g, h = byte(s, i, i + 7)
  if h >= 128 then h = h - 256 end
  return ((h * 256 + g) * 256 + f) * 256 + e, ((d * 256 + c) * 256 + b) * 256 + a
end

local function count_of(s)
  local a, b, c, d = byte(s, 5, 8)
  return ((d * 256 + c) * 256 + b) * 256 + a
end

local function number(count)
  return string.char(count % 256, floor(count / 256) % 256, floor(count / 65536) % 256, floor(count / 16777216) % 256)
end

local whole_high, whole_low
if ARGV[4] ~= '' then whole_high, whole_low = time_at(ARGV[4], 1) end

-- The new block without what lies at or before the deletion of the entity, and whether anything is left of it.
local function without_deleted(new, deleted)
  local until_high, until_low = time_at(deleted, 1)
  local row_low, row_high = byte(new, 3, 4)
  local row_width = row_low + row_high * 256
  local gone, all = 0, count_of(new)
  while gone < all do
    local high, low = time_at(new, 25 + gone * row_width)
    if high > until_high or (high == until_high and low > until_low) then break end
    gone = gone + 1
  end
  if gone == 0 then return new, all > 0 end
  return sub(new, 1, 4) .. number(all - gone) .. sub(new, 9, 24) .. sub(new, 25 + gone * row_width), gone < all
end

-- The two blocks as one; nil when the old bytes are no block of the same layout.
local function merge(old, new)
  if #old < 24 or sub(old, 1, 4) ~= sub(new, 1, 4) or sub(old, 9, 12) ~= sub(new, 9, 12) then
    return nil
  end
  local id_width = byte(new, 2)
  local low, high = byte(new, 3, 4)
  local width = low + high * 256
  local old_count, new_count = count_of(old), count_of(new)
  if #old ~= 24 + old_count * width then
    return nil
  end

  local covered_high, covered_low = time_at(old, 17)
  local covered = sub(old, 17, 24)
  local new_high, new_low = time_at(new, 17)
  if whole_high and (covered_high < whole_high or (covered_high == whole_high and covered_low <= whole_low))
    or new_high > covered_high or (new_high == covered_high and new_low > covered_low) then
    covered_high, covered_low, covered = new_high, new_low, sub(new, 17, 24)
  end

  local function is_covered(s, i)
    local h, l = time_at(s, i)
    return h < covered_high or (h == covered_high and l <= covered_low)
  end

  -- Whether the old row at i comes before the new row at j.
  local function is_before(i, j)
    local h, l = time_at(old, i)
    local nh, nl = time_at(new, j)
    if h ~= nh then return h < nh end
    if l ~= nl then return l < nl end
    h, l = time_at(old, i + 8)
    nh, nl = time_at(new, j + 8)
    if h ~= nh then return h < nh end
    if l ~= nl then return l < nl end
    for k = 16, 15 + id_width do
      local a, b = byte(old, i + k), byte(new, j + k)
      if a ~= b then return a < b end
    end
    return false
  end

  -- A few new ids are searched for in the bytes; for many a set of the old ones is made first.
  local ids
  if new_count > 16 then
    ids = {}
    for i = 41, #old, width do
      ids[sub(old, i, i + id_width - 1)] = true
    end
  end
  local function is_known(id)
    if ids then return ids[id] end
    local at = find(old, id, 41, true)
    while at do
      local skew = (at - 41) % width
      if skew == 0 then return true end
      at = find(old, id, at - skew + width, true)
    end
    return false
  end

  local from = 0
  while from < old_count and is_covered(old, 25 + from * width) do
    from = from + 1
  end
  local total = old_count - from
  local parts, n = {}, 0
  for row = 0, new_count - 1 do
    local j = 25 + row * width
    if not is_covered(new, j) and not is_known(sub(new, j + 16, j + 15 + id_width)) then
      local first, last = from, old_count
      -- Events mostly come in order: behind all that are there.
      if first < last and is_before(25 + (last - 1) * width, j) then first = last end
      while first < last do
        local middle = floor((first + last) / 2)
        if is_before(25 + middle * width, j) then first = middle + 1 else last = middle end
      end
      if first > from then
        n = n + 1
        parts[n] = sub(old, 25 + from * width, 24 + first * width)
        from = first
      end
      n = n + 1
      parts[n] = sub(new, j, j + width - 1)
      total = total + 1
    end
  end
  parts[n + 1] = sub(old, 25 + from * width)
  local rows = table.concat(parts)

  local cut = total - events_max
  if cut > 0 then
    local last = 1 + (cut - 1) * width
    covered_high, covered_low = time_at(rows, last)
    covered = sub(rows, last, last + 7)
    while cut < total and is_covered(rows, 1 + cut * width) do
      cut = cut + 1
    end
    rows = sub(rows, 1 + cut * width)
    total = total - cut
  end

  return sub(new, 1, 4) .. number(total) .. sub(new, 9, 16) .. covered .. rows
end

-- Bytes of stored blocks that one call reads before it leaves the rest to the next.
local left = 262144

-- Whether the new events are in the block; false when the old bytes are no block of the same layout.
local function append(key, new)
  local values = call('HMGET', key, field, '!')
  local old, deleted = values[1], values[2]
  if deleted then
    local is_some
    new, is_some = without_deleted(new, deleted)
    if is_some then
      call('PERSIST', key)
    end
  end
  if not old then
    call('HSET', key, field, new)
  elseif old ~= new then
    local merged = merge(old, new)
    if not merged then
      return false
    end
    if merged ~= old then
      call('HSET', key, field, merged)
    end
    left = left - #old
  end
  return true
end

-- Nothing to merge with, and nothing deleted, where no hash is there at all: the first blocks of entities cost a third less so. One of them may
-- come twice; and a user who may not ask is no failure.
local is_new = redis.pcall('EXISTS', (table.unpack or unpack)(KEYS)) == 0
for i = 1, #KEYS do
  local key, new = KEYS[i], ARGV[i + 4]
  if not (is_new and call('HSETNX', key, field, new) == 1) then
    if not append(key, new) then
      return -1
    end
    if left <= 0 then
      return i
    end
  end
end
return #KEYS
