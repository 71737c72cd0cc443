-- GET /tasks?limit=25 of random users.
package.path = os.getenv("SCRIPTS") .. "/?.lua;" .. package.path
local requests = require("requests")
local all = {}

function init()
  for user, token in ipairs(requests.tokens()) do
    all[user] = wrk.format("GET", requests.tasks .. "?limit=25",
      { ["Authorization"] = "Bearer " .. token })
  end
end

function request() return all[math.random(#all)] end
