"""What the reminder service does in Redis, each as one step that nothing can come between.

Two sorted sets hold reminders by milliseconds since 1970: `due` when each is to be fired, `claimed`
until when a worker has it. `due` may be too early and is never too late: whoever adds to it can
only lower a time (LT), and only a claim takes anything out of it. So it does not matter in which
order the news of two changes arrive, nor whether they come before or after a claim.

`due` also holds a mark beyond all times, which stands for its being whole. Whatever makes the set
vanish takes the mark along.
"""

from typing import Final

from taskflow.chassis.redis import Script

# The braces keep them together where a cluster spreads keys.
DUE: Final = "{taskflow:reminders}:due"
CLAIMED: Final = "{taskflow:reminders}:claimed"
REBUILDING: Final = "{taskflow:reminders}:rebuilding"
KEYS: Final = (DUE, CLAIMED, REBUILDING)
CHANNEL: Final = "taskflow:reminders:sooner"
WHOLE: Final = "whole"

# ARGV: the channel, then times and reminders by turns. Others are woken by what comes first now.
PLAN: Final = Script("""
local function first()
  return tonumber(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or math.huge)
end
local before = first()
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'LT', ARGV[i], ARGV[i + 1])
end
local after = first()
if after < before then
  redis.call('PUBLISH', ARGV[1], string.format('%.0f', after))
end
""")

# ARGV: now, how many at most, until when they are claimed, the mark. Gives what is claimed, and
# when something is due next; nothing where the set is not whole.
CLAIM: Final = Script("""
if not redis.call('ZSCORE', KEYS[1], ARGV[4]) then
  return false
end
local function take(key, limit)
  return redis.call('ZRANGE', key, '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, limit)
end
local taken = take(KEYS[2], ARGV[2])
for _, id in ipairs(take(KEYS[1], ARGV[2] - #taken)) do
  redis.call('ZREM', KEYS[1], id)
  taken[#taken + 1] = id
end
for _, id in ipairs(taken) do
  redis.call('ZADD', KEYS[2], ARGV[3], id)
end
local following = {}
for i = 1, 2 do
  following[i] = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2] or 'inf'
end
return {taken, following}
""")

# ARGV: until when it was claimed, how many were, these; then times and reminders as for PLAN. What
# somebody else has claimed since then stays theirs.
SETTLE: Final = Script("""
local last = 2 + ARGV[2]
for i = 3, last do
  if redis.call('ZSCORE', KEYS[2], ARGV[i]) == ARGV[1] then
    redis.call('ZREM', KEYS[2], ARGV[i])
  end
end
for i = last + 1, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'LT', ARGV[i], ARGV[i + 1])
end
""")

# ARGV: who rebuilds, for how many milliseconds that holds, the mark. Gives 0 where somebody else
# does, or has done so since it was found to be necessary.
BEGIN: Final = Script("""
if redis.call('ZSCORE', KEYS[1], ARGV[3]) then
  return 0
end
return redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
""")

# ARGV: who rebuilds, for how many milliseconds that holds, then as for PLAN. Gives 0 where it does
# not hold any more.
PAGE: Final = Script("""
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return 0
end
redis.call('PEXPIRE', KEYS[3], ARGV[2])
for i = 3, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'LT', ARGV[i], ARGV[i + 1])
end
return 1
""")

# ARGV: who rebuilds, the mark.
FINISH: Final = Script("""
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return 0
end
redis.call('ZADD', KEYS[1], '+inf', ARGV[2])
redis.call('DEL', KEYS[3])
return 1
""")

SCRIPTS: Final = (PLAN, CLAIM, SETTLE, BEGIN, PAGE, FINISH)
