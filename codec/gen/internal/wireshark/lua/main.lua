-- The dissector itself.

-- dissect_message shows a payload that is a whole message, and returns its name.
local function dissect_message(tvb, from, to, tree, version)
  if not KNOWN[version] then
    local item = tree:add(P.payload, tvb:range(from, to - from))
    item:add_proto_expert_info(unread, string.format("This dissector does not know version %d", version))
    return nil
  end
  local show_payload = TEXT[version] and text_message or binary_message
  return show_payload(tvb, from, to, tree, version)
end

-- inflate returns a payload as it was before it was compressed, nil if that cannot be. The
-- method has another name from Wireshark 4.4 on.
local function inflate(range, size)
  local ok, plain = pcall(function() return range:uncompress_zlib("Inflated payload") end)
  if not ok then ok, plain = pcall(function() return range:uncompress("Inflated payload") end) end
  if ok and plain and plain:len() == size then return plain:bytes():tvb("Inflated payload") end
end

-- dissect_whole is dissect_message for one that may be compressed.
local function dissect_whole(tvb, from, to, tree, version, inflated)
  if not inflated then return dissect_message(tvb, from, to, tree, version) end
  local item = tree:add(P.compressed, tvb:range(from, to - from))
  local plain = inflate(tvb:range(from, to - from), inflated)
  if plain then return dissect_message(plain, 0, plain:len(), tree, version) end
  item:add_proto_expert_info(unread, "It cannot be inflated")
end

-- dissect_payload shows the payload of a DATA: a message, or a fragment of one.
local function dissect_payload(r, tree, env, version, key)
  if env.failed and r:left() == 0 then return end
  if not env.more and not env.cont then
    env.message = dissect_whole(r.tvb, r.base + r.i, r.base + r.n, tree, version, env.inflated)
    return
  end
  local item = tree:add(P.payload, r:range(r.i, r.n))
  local message = joined[key]
  if not message then
    if joined_in[key] then
      item:add(P.joined_in, joined_in[key])
    elseif not env.more then
      item:add_proto_expert_info(unread, "The message's first fragment was not captured")
    end
    return
  end
  for _, number in ipairs(message.packets) do item:add(P.fragment, number) end
  local whole = ByteArray.new(message.bytes, true):tvb("Joined message")
  env.message = dissect_whole(whole, 0, whole:len(), tree, version, message.inflated)
end

-- dissect_frame shows the frame at pos; it fails at the first mistake.
local function dissect_frame(tvb, pos, size, tree, state, env, on_data)
  if state.phase == "over" then
    tree:add(P.undecoded, tvb:range(pos, size))
    return
  end
  local is_text = state.phase == "greeting" or TEXT[state.version]
  local from, to = pos + 4, pos + size
  if is_text then
    from, to = pos, pos + size - 1
    if size > 1 and tvb:raw(to - 1, 1) == "\r" then to = to - 1 end
  end
  local r = new_reader(tvb, from, to)
  if state.phase == "greeting" then return dissect_greeting(r, tree, env) end
  tree:add(P.dialect, tvb:range(pos, 0), state.version):set_generated()
  if state.assumed then tree:add_proto_expert_info(guessed) end
  if not is_text then tree:add(P.length, tvb:range(pos, 4)) end
  if is_text and state.assumed and r.s:find("^%s*{") then -- a legacy peer: no envelope
    env.kind, env.message = "message", dissect_message(tvb, from, to, tree, state.version)
    return
  end
  local read_envelope = is_text and text_envelope or binary_envelope
  read_envelope(r, tree, env)
  if env.kind == "DATA" then on_data(r) end
end

local function summary(env)
  local s = env.kind or "malformed"
  if env.seq then s = s .. string.format(" %.0f", env.seq) end
  if env.message then s = s .. " " .. env.message end
  return s
end

-- dissect_at shows the frame at pos and learns from it.
local function dissect_at(tvb, pos, size, wrong, pinfo, root, conv, dir, key, state)
  local env = {}
  local tree = root:add(proto, tvb:range(pos, size))
  local ok, err = true, nil
  if wrong then
    tree:add(P.undecoded, tvb:range(pos, size))
    ok, err = false, {at = pos, what = wrong}
    env.lost = true
  else
    ok, err = pcall(dissect_frame, tvb, pos, size, tree, state, env, function(r)
      if not pinfo.visited then join(dir, key, pinfo, env, r.s:sub(r.i + 1)) end
      dissect_payload(r, tree, env, state.version, key)
    end)
  end
  if not ok then
    local what = type(err) == "table" and string.format("%s (at byte %d)", err.what, err.at - pos) or tostring(err)
    tree:add_proto_expert_info(malformed, printable(what))
  end
  tree:append_text(", " .. summary(env))
  if not pinfo.visited then dir.state = env.lost and {phase = "over"} or after(conv, dir, state, env) end
  return summary(env)
end

function proto.dissector(tvb, pinfo, root)
  local conv, dir = conversation_of(pinfo)
  local pos, done = 0, {}
  while pos < tvb:len() do
    local key = pinfo.number .. ":" .. tvb:offset() .. ":" .. pos
    local state = state_of(conv, dir, key, pinfo, tvb, pos)
    local size, more = measure(tvb, pos, state)
    if not size then
      if tvb:len() < tvb:reported_len() then
        root:add(proto, tvb:range(pos)):add_proto_expert_info(unread, "The packet was captured in part")
        break
      end
      pinfo.desegment_offset = pos
      pinfo.desegment_len = more
      break
    end
    done[#done + 1] = dissect_at(tvb, pos, size, more, pinfo, root, conv, dir, key, state)
    pos = pos + size
  end
  pinfo.cols.protocol:set(TITLE)
  if #done > 0 then
    pinfo.cols.info:set(table.concat(done, ", ") .. " ")
    pinfo.cols.info:fence()
  end
end

function proto.init() forget() end

forget()

-- A conversation is recognised by its greeting.
proto:register_heuristic("tcp", function(tvb, pinfo, root)
  local hello = "PARLEY/1 " .. NAME .. " "
  local first = tvb:raw(0, math.min(#hello, tvb:len()))
  if #first < 7 or first ~= hello:sub(1, #first) then return false end
  pinfo.conversation = proto
  proto.dissector(tvb, pinfo, root)
  return true
end)

-- Or by its port, which also finds conversations whose beginning was not captured.
local tcp_ports = DissectorTable.get("tcp.port")
local added = ""
tcp_ports:add_for_decode_as(proto)

function proto.prefs_changed()
  if added ~= "" then tcp_ports:remove(added, proto) end
  added = proto.prefs.ports
  if added ~= "" then tcp_ports:add(added, proto) end
end
