-- The greeting and its answer: docs/protocol.md, sections 1 to 3.

-- dissect_greeting shows a line and tells in env what it says.
local function dissect_greeting(r, tree, env)
  local line = printable(r.s)
  local _, verdict = line:match("^(%S+) (%S+)")
  env.answer = verdict == "OK" or verdict == "NO"
  env.kind = env.answer and "answer " .. verdict or "greeting"
  tree:add(P[env.answer and "answer" or "greeting"], r:range(0, r.n), line)
  word(r)
  word(r)
  while r:left() > 0 do
    local w, from, to = word(r)
    w = printable(w)
    local key, value = w:match("^([^=]+)=(.*)$")
    if key == "msg" then
      r.i = r.n
      value, to = line:sub(from + 5), r.n
    end
    if key and P["greeting." .. key] then
      tree:add(P["greeting." .. key], r:range(from, to), value)
    elseif key or verdict ~= "OK" then
      tree:add(P["greeting.other"], r:range(from, to), w)
    end
    if key == "v" and verdict == "OK" then env.version = tonumber(value) end
  end
  if verdict == "NO" then tree:add_proto_expert_info(refused) end
  if verdict == "OK" and not env.version then r:fail(0, "the answer has no version") end
end
