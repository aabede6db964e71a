-- Forgets what one entity has of a view, but for what arrived after a time (docs/formats/online-row.md, "Generations").
-- KEYS[1] the hash; ARGV[1] the field; ARGV[2] the time, 8 bytes; ARGV[3] 'window' for an exact block, else an online row.
-- Arrival is the later of event time and created time. Returns 1.
-- Times are compared as pairs of 32 bit halves, since a Lua number holds only 53 bits.
local byte, sub, floor = string.byte, string.sub, math.floor
local bytes = redis.call('HGET', KEYS[1], ARGV[1])
if not bytes then
  return 1
end

local function time_at(s, i)
  local a, b, c, d, e, f, g, h = byte(s, i, i + 7)
  if h >= 128 then h = h - 256 end
  return ((h * 256 + g) * 256 + f) * 256 + e, ((d * 256 + c) * 256 + b) * 256 + a
end

local after_high, after_low = time_at(ARGV[2], 1)
local function is_later(i)
  local h, l = time_at(bytes, i)
  return h > after_high or (h == after_high and l > after_low)
end

if ARGV[3] ~= 'window' then
  local first = byte(bytes, 1) or 0
  local event = first - first % 16 == 32 and 4 or 6
  local has_created = #bytes >= event + 15 and first % 2 == 1
  if #bytes < event + 7 or not (is_later(event) or (has_created and is_later(event + 8))) then
    redis.call('HDEL', KEYS[1], ARGV[1])
  end
  return 1
end

local parts, n = {}, 0
if #bytes >= 24 and byte(bytes, 1) == 16 then
  local low, high = byte(bytes, 3, 4)
  local width = low + high * 256
  for i = 25, #bytes - width + 1, width do
    if is_later(i) or is_later(i + 8) then
      n = n + 1
      parts[n] = sub(bytes, i, i + width - 1)
    end
  end
end
if n == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  local count = string.char(n % 256, floor(n / 256) % 256, floor(n / 65536) % 256, floor(n / 16777216) % 256)
  redis.call('HSET', KEYS[1], ARGV[1], sub(bytes, 1, 4) .. count .. sub(bytes, 9, 24) .. table.concat(parts))
end
return 1
