-- Marks partitions of a view behind all that this server has taken so far (docs/formats/materialization-ledger.md).
-- KEYS[1] a hash of marks on this server; ARGV[1] the run of this server at which it must still be, or empty to ask for it; ARGV[2] until when the marks are good,
-- microseconds by this server's clock, or empty; ARGV[3] the mark; ARGV[4] and further the fields that get it.
-- Returns { 1, the run of this server }; { 0, the run } when it is another: nothing was stored; { -3, the run } when the time is over: nothing was stored.
local run = ''
local info = redis.pcall('INFO', 'server')
if type(info) == 'string' then
  run = string.match(info, 'run_id:(%w+)') or ''
end
if ARGV[2] ~= '' then
  local now = redis.call('TIME')
  if tonumber(now[1]) * 1000000 + tonumber(now[2]) > tonumber(ARGV[2]) then
    return { -3, run }
  end
end
if ARGV[1] ~= '' and ARGV[1] ~= run then
  return { 0, run }
end
-- Never back: a writer that lost its turn, and does not know it yet, has an older one. Microseconds since the epoch are whole numbers to Lua.
for i = 4, #ARGV do
  local old = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '')
  if not old or old < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[3])
  end
end
return { 1, run }
