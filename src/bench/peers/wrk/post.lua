-- POST /tasks of random users, each with a new idempotency key.
package.path = os.getenv("SCRIPTS") .. "/?.lua;" .. package.path
local requests = require("requests")
local body = '{"title":"Call the plumber","description":"It drips again. Ask about the warranty.",'
  .. '"priority":"high","estimated_duration":45}'
local tokens

function init() tokens = requests.tokens() end

function request()
  return wrk.format("POST", requests.tasks, requests.writing(tokens[math.random(#tokens)]), body)
end
