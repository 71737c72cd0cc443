-- PATCH /tasks/{id} with the version that the last answer of the task had; two tasks of every user in
-- turn, of version 1 at the start. WINDOW chooses the tasks, so that requests of an earlier window
-- that are still being served change others.
package.path = os.getenv("SCRIPTS") .. "/?.lua;" .. package.path
local requests = require("requests")
local tokens, versions, all, turn = nil, {}, {}, 0

function init()
  tokens = requests.tokens()
  local first = 2 * tonumber(os.getenv("WINDOW")) % 40
  for task = first, first + 1 do
    for user = 1, #tokens do
      all[#all + 1] = { requests.task(user, task), user }
    end
  end
end

function request()
  turn = turn % #all + 1
  local path, user = unpack(all[turn])
  local version = versions[path] or 1
  return wrk.format("PATCH", path, requests.writing(tokens[user]),
    '{"title":"Title ' .. version .. '","priority":"low","version":' .. version .. '}')
end

function response(status, _, body)
  if status == 200 then
    local path = requests.tasks .. "/" .. body:match('"id"%s*:%s*"([^"]+)"')
    versions[path] = body:match('"version"%s*:%s*(%d+)')
  end
end
