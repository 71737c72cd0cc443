-- Counts a request in a sliding window, if it is allowed.
-- KEYS[1]  list of the times of the window's requests, oldest first, in milliseconds
-- ARGV     limit, length of the window in milliseconds
-- Returns  whether the request is allowed (1 or 0), the requests that are left, and in how many
--          milliseconds the next request and the whole limit become available
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])

-- The server's clock, which all processes share.
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
-- Rounded up, while now is rounded down: no request leaves its window early.
local arrived = math.ceil(micros / 1000)

local newest = tonumber(redis.call('LINDEX', KEYS[1], -1))
if newest and newest > arrived then
  if newest - arrived > 1000 then
    -- The clock was set back: without its old times the window is usable again.
    redis.call('DEL', KEYS[1])
  else
    now, arrived = newest, newest
  end
end

local oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
while oldest and oldest <= now - window do
  redis.call('LPOP', KEYS[1])
  oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
end

local size = redis.call('LLEN', KEYS[1])
local allowed = size < limit
if allowed then
  redis.call('RPUSH', KEYS[1], arrived)
  redis.call('PEXPIRE', KEYS[1], window + 1)
  size = size + 1
end
oldest = tonumber(redis.call('LINDEX', KEYS[1], 0))
newest = tonumber(redis.call('LINDEX', KEYS[1], -1))
-- The time of a request may have been rounded up to the next millisecond.
return {
  allowed and 1 or 0,
  math.max(0, limit - size),
  math.min(window, oldest + window - now),
  math.min(window, newest + window - now),
}
