-- The envelope of a frame in its two spellings: docs/protocol.md, section 5.

-- Kinds by their number: flags by bit, then fields. A number behind a field is the size of a
-- string of bytes; "text" runs to the end; what is optional is the last. Behind the last field of a strict kind stands nothing.
local KINDS = {
  [0x01] = {name = "DATA", flags = {
    {0x01, "ack"}, {0x02, "more"}, {0x04, "cont"}, {0x08, "call"}, {0x10, "reply"}, {0x20, "dup"}, {0x80, "ext"}}},
  [0x02] = {name = "ACK", flags = {{0x01, "ask"}}, {"done"}, {"received"}, {"dropped", optional = true}},
  [0x03] = {name = "PING", {"id"}, {"next"}},
  [0x04] = {name = "PONG", {"id"}},
  [0x05] = {name = "PROBE", strict = true, {"epoch"}, {"proof", 32}},
  [0x06] = {name = "ATTACH", flags = {{0x01, "secret"}},
    {"session", 16}, {"generation"}, {"received"}, {"first"}, {"auth", 32}},
  [0x07] = {name = "ATTACHED", flags = {{0x01, "known"}}, {"generation"}, {"epoch"}, {"received"}, {"first"}},
  [0x08] = {name = "PROPOSE", strict = true, {"epoch"}, {"version"}, {"nonce", 16}},
  [0x09] = {name = "ACCEPT", strict = true, {"epoch"}, {"version"}, {"nonce", 16}},
  [0x0A] = {name = "REJECT", {"epoch"}, {"code"}, {"msg", "text"}},
  [0x0B] = {name = "WITHDRAW", {"epoch"}},
  [0x0C] = {name = "CUT", strict = true, {"epoch"}, {"last"}, {"frames"}, {"proof", 32}},
  [0x0D] = {name = "NACK", {"seq"}, {"msg", "text"}},
  [0x0E] = {name = "GAP", {"seq"}, {"code"}, {"msg", "text"}},
  [0x0F] = {name = "GOAWAY", {"retry"}, {"alt", "text"}},
  [0x10] = {name = "CLOSE", {"code"}, {"msg", "text"}},
}

local KINDS_BY_NAME = {}
for _, kind in pairs(KINDS) do KINDS_BY_NAME[kind.name] = kind end

local CODES = {
  REJECT = {"version not offered", "cannot carry what is queued", "busy", "policy"},
  GAP = {"expired", "undecodable", "unencodable in the version spoken", [6] = "cancelled"},
  CLOSE = {[0] = "normal", "superseded", "denied", "protocol violation", "idle or not alive", "limits", "shutdown",
    "handler's decision", "too many pings"},
}

-- add_number adds a number of the envelope, and remembers it for those who follow the stream.
local function add_number(tree, env, key, range, x)
  local item = tree:add(P[key], range, x)
  env[key] = x:tonumber()
  local name = key == "code" and (CODES[env.kind] or {})[env.code]
  if name then item:append_text(" (" .. name .. ")") end
end

-- metadata_of shows the metadata of a message: keys and values, each with its length in front.
local function metadata_of(r, tree)
  while r:left() > 0 do
    local from = r.i
    local key = r:take(r:count())
    local value = r:take(r:count())
    tree:add(P.metadata, r:range(from), printable(key .. ": " .. value))
  end
end

-- extensions_of shows the extensions of DATA: each a tag, a length and that many bytes.
local function extensions_of(r, tree, env)
  while r:left() > 0 do
    local from, tag = r.i, r:count()
    local size = r:count()
    local start = r.i
    r:take(size)
    if tag == 1 then
      env.failed = true
      tree:add_packet_field(P.failed, r:range(start), ENC_UTF_8)
    elseif tag == 2 then
      metadata_of(new_reader(r.tvb, r.base + start, r.base + r.i), tree)
    elseif tag == 3 then
      env.inflated = new_reader(r.tvb, r.base + start, r.base + r.i):count()
      tree:add(P.inflated, r:range(start), UInt64.new(env.inflated))
    else
      local item = tree:add(P["extension.tag"], r:range(from), UInt64.new(tag))
      item:add(P["extension.data"], r:range(start))
    end
  end
end

local function binary_number(r, tree, env, key)
  local from = r.i
  local hi, lo = r:uvarint()
  add_number(tree, env, key, r:range(from), UInt64.new(lo, hi))
end

-- binary_data reads what stands before the payload of a DATA.
local function binary_data(r, tree, env)
  binary_number(r, tree, env, "seq")
  if env.ack then binary_number(r, tree, env, "done"); binary_number(r, tree, env, "received") end
  if env.call then binary_number(r, tree, env, "call") end
  if env.reply then binary_number(r, tree, env, "reply") end
  if env.ext then
    local n = r:count()
    local from = r.i
    r:take(n)
    extensions_of(new_reader(r.tvb, r.base + from, r.base + r.i), tree, env)
  end
end

-- binary_envelope reads an envelope into env and the tree. Of DATA it leaves the payload.
local function binary_envelope(r, tree, env)
  local number = r:byte()
  local kind = KINDS[number]
  if not kind then r:fail(0, "there is no kind %d", number) end
  env.kind = kind.name
  tree:add(P.kind, r:range(0), kind.name)
  local flags, known = r:byte(), 0
  for _, flag in ipairs(kind.flags or {}) do
    if math.floor(flags / flag[1]) % 2 == 1 then
      tree:add(P["flag." .. flag[2]], r:range(1), true)
      env[flag[2]] = true
      known = known + flag[1]
    end
  end
  if known ~= flags then r:fail(1, "%s has a flag that does not exist", kind.name) end
  if kind.name == "DATA" then return binary_data(r, tree, env) end
  for _, field in ipairs(kind) do
    local from = r.i
    if field.optional and r:left() == 0 then break end
    if not field[2] then
      binary_number(r, tree, env, field[1])
    else
      r:take(field[2] == "text" and r:left() or field[2])
      if field[2] == "text" and r.i > from then
        tree:add_packet_field(P[field[1]], r:range(from), ENC_UTF_8)
      elseif field[2] ~= "text" then
        tree:add(P[field[1]], r:range(from))
      end
    end
  end
  if r:left() == 0 then return end
  local rest = tree:add(P.ignored, r:range(r.i, r.n))
  if kind.strict then rest:add_proto_expert_info(trailing, "Bytes after the end of " .. kind.name) end
end

-- word returns the next word of a line and where it begins.
local function word(r)
  local from = r.i
  local stop = r.s:find(" ", from + 1, true) or r.n + 1
  r.i = math.min(stop, r.n)
  return r.s:sub(from + 1, stop - 1), from, stop - 1
end

local function text_number(r, tree, env, key, digits, from, to)
  if not digits:find("^%d+$") then r:fail(from, "%s is no number", key) end
  add_number(tree, env, key, r:range(from, to), UInt64.new(digits))
end

-- text_attribute reads one attribute of a DATA.
local function text_attribute(r, tree, env, key, value, from, to)
  if key == "re" then key = "reply" end
  if not P["flag." .. key] then r:fail(from, "DATA has no attribute %q", key) end
  tree:add(P["flag." .. key], r:range(from, to), true)
  env[key] = true
  if key == "ack" then
    local done, received = value:match("^(%d+)/(%d+)$")
    if not done then r:fail(from, "ack is not DONE/RECEIVED") end
    text_number(r, tree, env, "done", done, from, to)
    text_number(r, tree, env, "received", received, from, to)
  elseif key == "call" or key == "reply" then
    text_number(r, tree, env, key, value, from, to)
  elseif key == "ext" then
    local decoded = ByteArray.new(value):tvb("Extensions")
    extensions_of(new_reader(decoded, 0, decoded:len()), tree, env)
  end
end

local function text_data(r, tree, env)
  local seq, from, to = word(r)
  text_number(r, tree, env, "seq", seq, from, to)
  local attributes, start = word(r)
  if attributes == "-" then return end
  for offset, attribute in attributes:gmatch("()([^,]+)") do
    local key, value = attribute:match("^(%l+)=?(.*)$")
    if not key then r:fail(start + offset - 1, "DATA has no attribute %q", attribute) end
    text_attribute(r, tree, env, key, value, start + offset - 1, start + offset - 1 + #attribute)
  end
end

-- text_field reads one word of a control frame; false if it is none of its kind's.
local function text_field(r, tree, env, kind, w, from, to)
  for _, flag in ipairs(kind.flags or {}) do
    if w == flag[2] then
      tree:add(P["flag." .. w], r:range(from, to), true)
      env[w] = true
      return true
    end
  end
  local key, value = w:match("^(%l+)=(.*)$")
  for _, field in ipairs(kind) do
    if key == field[1] then
      local start = from + #key + 1
      if field[2] == "text" then
        r.i = r.n
        tree:add_packet_field(P[key], r:range(start), ENC_UTF_8)
      elseif field[2] then
        if not value:find("^%x+$") or #value ~= 2 * field[2] then r:fail(start, "%s is not %d bytes in hex", key, field[2]) end
        tree:add_packet_field(P[key], r:range(start, to), ENC_UTF_8 + ENC_STR_HEX + ENC_SEP_NONE)
        env[key] = true
      else
        text_number(r, tree, env, key, value, start, to)
      end
      return true
    end
  end
  return false
end

-- text_envelope is binary_envelope for a line.
local function text_envelope(r, tree, env)
  local name, _, stop = word(r)
  local kind = KINDS_BY_NAME[name]
  if not kind then r:fail(0, "there is no kind %q", name) end
  env.kind = name
  tree:add(P.kind, r:range(0, stop), name)
  if name == "DATA" then return text_data(r, tree, env) end
  while r:left() > 0 do
    local w, from, to = word(r)
    if not text_field(r, tree, env, kind, w, from, to) then
      local rest = tree:add(P.ignored, r:range(from, r.n))
      if kind.strict then rest:add_proto_expert_info(trailing, "Words after the end of " .. name) end
      break
    end
  end
  for _, field in ipairs(kind) do
    if field[2] ~= "text" and not field.optional and env[field[1]] == nil then r:fail(r.n, "%s lacks %s", name, field[1]) end
  end
end
