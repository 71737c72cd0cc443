-- What the scripts of wrk share. Environment: SCRIPTS (this folder), TOKENS (a file with the access
-- token of user u in line u).
local requests = { tasks = "/api/v1/tasks" }

function requests.tokens()
  local tokens = {}
  for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end
  return tokens
end

-- The path of a user's task; tasks count from 0.
function requests.task(user, task)
  return string.format("%s/00000000-0000-0000-0000-%012d", requests.tasks, user * 100 + task)
end

-- Different keys in every run, because the keys of earlier runs are still stored.
local seed = os.time()
local clock = io.open("/dev/urandom", "rb")
for byte in clock:read(4):gmatch(".") do seed = seed * 31 + byte:byte() end
clock:close()
math.randomseed(seed % 2147483647)
local run = string.format("%04x%04x", math.random(0, 65535), math.random(0, 65535))
local count = 0

-- The headers of a request with a JSON body and a new idempotency key.
function requests.writing(token)
  count = count + 1
  return {
    ["Authorization"] = "Bearer " .. token,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = string.format("%s-%04x-4%03x-8%03x-%012x", run,
      math.random(0, 65535), math.random(0, 4095), math.random(0, 4095), count),
  }
end

return requests
