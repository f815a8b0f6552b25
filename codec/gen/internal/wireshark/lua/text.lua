-- Messages of text versions: each kind of node has a function that shows a JSON value.

local shown = {}

local function wrong(r, node, v) r:fail(v.from, "%s: a %s does not belong here", node.name, v.is) end

local function need(r, node, v, is)
  if v.is ~= is then wrong(r, node, v) end
  return v.text
end

local function show(r, node, v, tree, version)
  if v.is == "null" then
    if not node.null then wrong(r, node, v) end
    return add_null(tree, node, r:range(v.from, v.to))
  end
  shown[node.kind](r, node, v, tree, version)
end

local function enum_by_name(r, node, v, version)
  local c = constant(node, version, "text", need(r, node, v, "string"))
  if not c then r:fail(v.from, "%s: the version has no value %q", node.name, v.text) end
  return c
end

function shown.bool(r, node, v, tree)
  tree:add(F[node.field], r:range(v.from, v.to), need(r, node, v, "bool") == "true")
end

local function integer(node, digits)
  return node.unsigned and UInt64.new(digits) or Int64.new(digits)
end

-- fits tells whether a number that was read from digits has no more bits than its node.
local function fits(node, x, digits)
  if tostring(x) ~= digits and digits ~= "-0" then return false end
  local bits = node.width and node.width * 8 or node.bits
  if bits == 64 then return true end
  if node.unsigned then return x:tonumber() < 2 ^ bits end
  return x:tonumber() >= -2 ^ (bits - 1) and x:tonumber() < 2 ^ (bits - 1)
end

function shown.integer(r, node, v, tree, version)
  local range = r:range(v.from, v.to)
  if node.enum then
    local c = enum_by_name(r, node, v, version)
    return add_enum_name(tree, add_integer(tree, node, range, integer(node, c.value)), node, range, c)
  end
  if v.is ~= "string" and v.is ~= "number" or not v.text:find("^-?%d+$") then wrong(r, node, v) end
  local x = integer(node, v.text)
  if not fits(node, x, v.text) then r:fail(v.from, "%s: %s does not fit", node.name, v.text) end
  add_integer(tree, node, range, x)
end

local special = {["NaN"] = 0 / 0, ["+Inf"] = 1 / 0, ["-Inf"] = -1 / 0}

function shown.float(r, node, v, tree)
  local x
  if v.is == "number" then x = tonumber(v.text) end
  if v.is == "string" then x = special[v.text] or v.text:find("^NaN:%x+$") and special.NaN end
  if not x then wrong(r, node, v) end
  add_float(tree, node, r:range(v.from, v.to), x + 0.0)
end

-- days counts from 1970-01-01 to a day of the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 1 - 719468
end

-- nanos_of reads the digits behind a decimal point.
local function nanos_of(fraction) return tonumber((fraction .. "000000000"):sub(1, 9)) end

function shown.time(r, node, v, tree)
  local s, range = need(r, node, v, "string"), r:range(v.from, v.to)
  local y, mo, d, h, mi, sec, rest = s:match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)(.*)$")
  if not y then r:fail(v.from, "%s: not a time in the form of RFC 3339", node.name) end
  local fraction, sign, zh, zm = rest:match("^%.?(%d*)([+-Z])(%d*):?(%d*)$")
  if not fraction then r:fail(v.from, "%s: not a time in the form of RFC 3339", node.name) end
  if y == "0001" then
    tree:add(F[node.field], range, NSTime.new(0, 0)):set_text(node.name .. ": zero time")
    return
  end
  local seconds = days(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + h * 3600 + mi * 60 + sec
  if sign ~= "Z" then
    local shift = (tonumber(zh) or 0) * 3600 + (tonumber(zm) or 0) * 60
    seconds = sign == "+" and seconds - shift or seconds + shift
  end
  tree:add(F[node.field], range, NSTime.new(math.floor(seconds), nanos_of(fraction)))
end

local units = {h = 3600, m = 60, s = 1}
local small = {ms = 1e6, us = 1e3, ["µs"] = 1e3, ["μs"] = 1e3, ns = 1}

function shown.duration(r, node, v, tree)
  local s = need(r, node, v, "string")
  local sign, rest = s:match("^([+-]?)(.+)$")
  local seconds, nanos = 0, 0
  while rest and rest ~= "" and rest ~= "0" do
    local whole, fraction, unit, after = rest:match("^(%d*)%.?(%d*)([^%d.]+)(.*)$")
    if units[unit] then
      local part = tonumber("0." .. fraction .. "0") * units[unit]
      seconds = seconds + (tonumber(whole) or 0) * units[unit] + math.floor(part)
      nanos = nanos + (unit == "s" and nanos_of(fraction) or math.floor((part - math.floor(part)) * NANOS + 0.5))
    elseif small[unit] then
      nanos = nanos + math.floor(tonumber(whole .. "." .. fraction .. "0") * small[unit] + 0.5)
    else
      r:fail(v.from, "%s: not a duration", node.name)
    end
    rest = after
  end
  seconds, nanos = seconds + math.floor(nanos / NANOS), nanos % NANOS
  if sign == "-" then seconds, nanos = -seconds, -nanos end
  tree:add(F[node.field], r:range(v.from, v.to), NSTime.new(seconds, nanos))
end

function shown.string(r, node, v, tree, version)
  local range = r:range(v.from, v.to)
  if node.enum then
    local c = enum_by_name(r, node, v, version)
    return add_enum_name(tree, tree:add(F[node.field], range, c.value), node, range, c)
  end
  local item = tree:add(F[node.field], range, need(r, node, v, "string"))
  check_count(item, node, #v.text)
end

function shown.bytes(r, node, v, tree)
  local s = need(r, node, v, "string")
  local tail = s:find("^[%w+/]*$") or s:find("^[%w+/]*[AQgw]==$") or s:find("^[%w+/]*[AEIMQUYcgkosw048]=$")
  if #s % 4 ~= 0 or not tail then r:fail(v.from, "%s: not in base64", node.name) end
  if s == "" and not (node.len and node.len > 0) then
    check_count(tree:add(F[node.field], r:range(v.from, v.from)), node, 0)
    return
  end
  local decoded = ByteArray.new(s, true):base64_decode()
  local item = tree:add(F[node.field], decoded:tvb(node.name):range())
  check_count(item, node, decoded:len())
  if node.len and decoded:len() ~= node.len then r:fail(v.from, "%s: %d bytes, not %d", node.name, decoded:len(), node.len) end
end

shown.array_of_bytes = shown.bytes

-- is_address tells whether a string looks like an IP address without a zone.
local function is_address(s)
  local v4 = {s:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")}
  for _, part in ipairs(v4) do
    if tonumber(part) > 255 or part:find("^0%d") then return false end
  end
  return #v4 == 4 or s:find("^[%x:.]*:[%x:.]*$") ~= nil
end

function shown.addr(r, node, v, tree)
  if need(r, node, v, "string") ~= "" and not is_address(v.text) then r:fail(v.from, "%s: not an address", node.name) end
  tree:add(F[node.field], r:range(v.from, v.to), v.text)
end

function shown.slice(r, node, v, tree, version)
  need(r, node, v, "list")
  local item = tree:add(F[node.field], r:range(v.from, v.to), #v.items)
  check_count(item, node, #v.items)
  if node.len and #v.items ~= node.len then r:fail(v.from, "%s: %d elements, not %d", node.name, #v.items, node.len) end
  for _, x in ipairs(v.items) do show(r, node.elem, x, item, version) end
end

shown.array = shown.slice

function shown.map(r, node, v, tree, version)
  need(r, node, v, "object")
  local item = tree:add(F[node.field], r:range(v.from, v.to), #v.members)
  check_count(item, node, #v.members)
  local seen = {}
  for _, m in ipairs(v.members) do
    if seen[m.name] then r:fail(m.from, "the key %q is there twice", m.name) end
    seen[m.name] = true
    local entry = item:add(F[node.field .. ".entry"], r:range(m.from, m.value.to))
    show(r, node.key, {is = "string", text = m.name, from = m.from, to = m.value.from}, entry, version)
    show(r, node.elem, m.value, entry, version)
  end
end

function shown.pointer(r, node, v, tree, version) show(r, node.elem, v, tree, version) end

local function show_members(r, name, v, tree, version, typed)
  local nodes, seen = {}, {}
  for _, node in ipairs(fields(name, version)) do nodes[node.text] = node end
  for _, m in ipairs(v.members) do
    if seen[m.name] then r:fail(m.from, "the member %q is there twice", m.name) end
    seen[m.name] = true
    if nodes[m.name] then
      show(r, nodes[m.name], m.value, tree, version)
    elseif not (typed and m.name == "type") then
      tree:add(P.unknown, r:range(m.from, m.value.to), m.name)
    end
  end
end

function shown.struct(r, node, v, tree, version)
  need(r, node, v, "object")
  show_members(r, node.struct, v, tree:add(F[node.field], r:range(v.from, v.to)), version, false)
end

-- type_of returns the member "type" of an object.
local function type_of(r, v)
  for _, m in ipairs(v.members or {}) do
    if m.name == "type" and m.value.is == "string" then return m.value.text end
  end
  r:fail(v.from, 'the object has no member "type"')
end

function shown.union(r, node, v, tree, version)
  need(r, node, v, "object")
  local one = variant(node, version, "text", type_of(r, v))
  if not one then r:fail(v.from, "%s: no such variant", node.name) end
  show_members(r, one.struct, v, tree:add(F[node.field], r:range(v.from, v.to), one.struct), version, true)
end

-- text_message shows a payload, one JSON object. It returns the message's name.
local function text_message(tvb, from, to, tree, version)
  local r = new_reader(tvb, from, to)
  local v = json.parse(r)
  local name = type_of(r, v)
  for _, m in pairs(M) do
    if m.text == name and m.versions[version] then
      show_members(r, m.struct, v, tree:add(F[m.field], r:range(v.from, v.to)), version, true)
      if r:left() > 0 then
        tree:add(P.undecoded, r:range(r.i, r.n)):add_proto_expert_info(trailing, "text after the object")
      end
      return m.struct
    end
  end
  fail(from, "version %d has no message %q", version, name)
end
