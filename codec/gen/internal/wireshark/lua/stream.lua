-- Following a conversation. Wireshark dissects each packet once in order, and later again in
-- any order. What the first pass learns about a frame is kept by the packet's number and the
-- frame's offset, so that every later look finds the same.

local conversations -- by the ends' addresses: the newest state of both directions
local states        -- by frame: the state before it
local joined        -- by the last frame of a message: its bytes, and the packets that held them
local joined_in     -- by each other fragment of a message: the packet of its last one

local MAX_LINE, MAX_FRAME = 1024, 66560

local function forget()
  conversations, states, joined, joined_in = {}, {}, {}, {}
end

-- conversation_of returns a packet's conversation and the state of its direction. The number
-- that Wireshark gives a TCP stream would not do: there is none when it builds no tree.
local function conversation_of(pinfo)
  local from = tostring(pinfo.src) .. " " .. pinfo.src_port
  local to = tostring(pinfo.dst) .. " " .. pinfo.dst_port
  local ends = from < to and from .. " " .. to or to .. " " .. from
  local conv = conversations[ends]
  if not conv then
    conv = {directions = {}, accepted = {}, proposed = {}}
    conversations[ends] = conv
  end
  if not conv.directions[from] then conv.directions[from] = {name = from, state = {phase = "greeting"}} end
  return conv, conv.directions[from]
end

-- restart forgets what an earlier connection between the same ends agreed.
local function restart(conv, dir)
  conv.version, conv.accepted, conv.proposed = nil, {}, {}
  conv.directions = {[dir.name] = dir}
end

-- guess returns the state of a direction that was not captured from its beginning.
local function guess(first)
  local version = tonumber(proto.prefs.version)
  local looks_text = first:find("^[A-Z{]") ~= nil
  for _, v in ipairs(VERSIONS) do
    if version then break end
    if (TEXT[v] == true) == looks_text then version = v end
  end
  return {phase = "frames", version = version or VERSIONS[1], assumed = true}
end

-- settle returns the state in which the bytes at pos are to be read.
local function settle(conv, state, tvb, pos)
  local have = tvb:len() - pos
  if have >= 4 and tvb:raw(pos, math.min(9, have)) == ("PARLEY/1 "):sub(1, have) then
    return {phase = "greeting"} -- perhaps of a new connection
  end
  if state.phase == "greeting" then
    local first = tvb:raw(pos, math.min(7, have))
    if first ~= ("PARLEY/"):sub(1, #first) then return guess(first) end
  elseif state.phase == "frames" and not state.version then
    if conv.version then return {phase = "frames", version = conv.version} end
    return guess(tvb:raw(pos, 1))
  end
  return state
end

-- state_of returns the state before the frame at pos: as the first pass found it, if it was.
local function state_of(conv, dir, key, pinfo, tvb, pos)
  if pinfo.visited and states[key] then return states[key] end
  local state = settle(conv, dir.state, tvb, pos)
  if not pinfo.visited then states[key] = state end
  return state
end

-- measure returns the size of the frame at pos, and what is wrong with it; or nil and how many
-- more bytes it needs, as Wireshark wants to know it.
local function measure(tvb, pos, state)
  local have = tvb:len() - pos
  if state.phase == "over" then return have end
  if state.phase == "greeting" or TEXT[state.version] then
    local limit = state.phase == "greeting" and MAX_LINE or MAX_FRAME + 2
    local line = tvb:raw(pos, math.min(have, limit)):find("\n", 1, true)
    if line then return line end
    if have >= limit then return have, "The line is too long" end
    return nil, DESEGMENT_ONE_MORE_SEGMENT
  end
  if have < 4 then return nil, DESEGMENT_ONE_MORE_SEGMENT end
  local size = tvb:range(pos, 4):uint()
  if size > MAX_FRAME then return have, "The frame is too large: " .. size .. " bytes" end
  if have < 4 + size then return nil, 4 + size - have end
  return 4 + size
end

-- after returns the state behind a frame.
local function after(conv, dir, state, env)
  if state.phase == "greeting" then
    if env.kind == "greeting" then restart(conv, dir) end
    if env.kind == "answer OK" then conv.version = env.version end
    if env.kind == "answer NO" then return {phase = "over"} end
    return {phase = "frames", version = env.answer and env.version or nil}
  end
  if env.kind == "PROPOSE" then conv.proposed[env.epoch] = env.version end
  if env.kind == "ACCEPT" then conv.accepted[env.epoch] = env.version end
  if env.kind == "CUT" then
    local version = conv.accepted[env.epoch] or conv.proposed[env.epoch]
    if version then return {phase = "frames", version = version} end
    return {phase = "greeting"} -- the next bytes show what can be guessed
  end
  return state
end

-- join gathers the fragments of a message in the first pass.
local function join(dir, key, pinfo, env, bytes)
  if not env.cont then dir.parts = {inflated = env.inflated} end
  if not dir.parts or not (env.more or env.cont) then return end
  table.insert(dir.parts, {key = key, number = pinfo.number, bytes = bytes})
  if env.more then return end
  local message = {packets = {}, inflated = dir.parts.inflated}
  local all = {}
  for k, part in ipairs(dir.parts) do
    all[k], message.packets[k] = part.bytes, part.number
    joined_in[part.key] = pinfo.number
  end
  message.bytes = table.concat(all)
  joined[key] = message
  dir.parts = nil
end
