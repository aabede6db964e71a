-- Sets back how long entries lie with a member of a group that has them in hand, so that no other member takes them (docs/concepts/streams.md).
-- KEYS[1] the stream; ARGV[1] the group; ARGV[2] the member; ARGV[3..] ids of entries. What is another member's by now, or done, is left as it is. Returns how many were kept.
local claim = {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0}
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) > 0 then
    claim[#claim + 1] = ARGV[i]
  end
end
local kept = #claim - 5
if kept > 0 then
  claim[#claim + 1] = 'JUSTID'
  redis.call(unpack(claim))
end
return kept
