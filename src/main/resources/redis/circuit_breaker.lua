-- A circuit breaker: see the interface CircuitBreaker.
-- KEYS[1]  hash of the breaker
-- ARGV     operation: admit, succeeded, failed, failed_permanently, released or state;
--          the generation in which the reported call was admitted, or 0;
--          consecutive failures that open the breaker; shortest and longest pause, and the time that
--          a probe may take, in milliseconds
-- Returns  state (0 closed, 1 open, 2 probing), generation, rest of the pause in milliseconds,
--          whether the call is admitted and whether the operation changed the state (1 or 0)
local CLOSED, OPEN, PROBING = 0, 1, 2
local FORGOTTEN_AFTER = 3600000

local operation, reported = ARGV[1], tonumber(ARGV[2])
local threshold, min_pause, max_pause, probe_limit =
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local saved = redis.call('HMGET', KEYS[1], 'state', 'generation', 'failures', 'pause', 'ends_at')
local state = tonumber(saved[1]) or CLOSED
local generation = tonumber(saved[2]) or 1
local failures = tonumber(saved[3]) or 0
local pause = tonumber(saved[4]) or min_pause
local ends_at = tonumber(saved[5]) or 0
local before = generation

-- Zero also if the clock was set back to before the start of the pause or probe.
local left = ends_at - now
if left < 0 or left > (state == PROBING and probe_limit or pause) then
  left = 0
end
if state == PROBING and left == 0 then
  -- The process that made the probe has reported no result.
  state = OPEN
end

local function change_to(next, millis)
  state, ends_at, left = next, now + millis, millis
  generation = generation + 1
end

local function open()
  failures = 0
  change_to(OPEN, pause)
end

local admitted = false
if operation == 'admit' then
  if state == OPEN and left == 0 then
    change_to(PROBING, probe_limit)
    admitted = true
  else
    admitted = state == CLOSED
  end
elseif operation ~= 'state' and reported == generation then
  if operation == 'succeeded' then
    failures = 0
    if state == PROBING then
      pause = min_pause
      change_to(CLOSED, 0)
    end
  elseif operation == 'released' then
    if state == PROBING then
      change_to(OPEN, 0)
    end
  else
    failures = failures + 1
    if state == PROBING then
      pause = math.min(2 * pause, max_pause)
      open()
    elseif operation == 'failed_permanently' or failures >= threshold then
      open()
    end
  end
end

if operation ~= 'state' then
  redis.call('HSET', KEYS[1], 'state', state, 'generation', generation, 'failures', failures,
    'pause', pause, 'ends_at', ends_at)
  redis.call('PEXPIRE', KEYS[1], FORGOTTEN_AFTER)
end
return {
  state,
  generation,
  state == OPEN and left or 0,
  admitted and 1 or 0,
  generation ~= before and 1 or 0,
}
