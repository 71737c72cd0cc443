-- GET /tasks/{id} of random users.
package.path = os.getenv("SCRIPTS") .. "/?.lua;" .. package.path
local requests = require("requests")
local tokens

function init() tokens = requests.tokens() end

function request()
  local user = math.random(#tokens)
  return wrk.format("GET", requests.task(user, math.random(0, 39)),
    { ["Authorization"] = "Bearer " .. tokens[user] })
end
