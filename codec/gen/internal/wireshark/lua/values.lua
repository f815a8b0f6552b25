-- Adding values to the tree, however they were spelled.

-- add_integer adds a number in the size of its field.
local function add_integer(tree, node, range, x)
  local item = tree:add(F[node.field], range, node.bits == 64 and x or x:tonumber())
  if node.min and x < node.min or node.max and x > node.max then
    item:add_proto_expert_info(out_of_range, "The value is beyond its limits")
  end
  return item
end

local function add_float(tree, node, range, x)
  local item = tree:add(F[node.field], range, x)
  if node.min and not (x >= node.min) or node.max and not (x <= node.max) then
    item:add_proto_expert_info(out_of_range, "The value is beyond its limits")
  end
end

local NANOS = 1000000000

-- split turns nanoseconds into seconds and the rest, both of the same sign.
local function split(nanos)
  local seconds = nanos / Int64.new(NANOS)
  return seconds:tonumber(), (nanos - seconds * Int64.new(NANOS)):tonumber()
end

local ZERO_TIME = Int64.new(0, HALF / 2)

local function add_time(tree, node, range, nanos)
  if nanos == ZERO_TIME then
    tree:add(F[node.field], range, NSTime.new(0, 0)):set_text(node.name .. ": zero time")
    return
  end
  local seconds, rest = split(nanos)
  if rest < 0 then seconds, rest = seconds - 1, rest + NANOS end
  tree:add(F[node.field], range, NSTime.new(seconds, rest))
end

local function add_duration(tree, node, range, nanos)
  local item = tree:add(F[node.field], range, NSTime.new(split(nanos)))
  if node.min and nanos < node.min or node.max and nanos > node.max then
    item:add_proto_expert_info(out_of_range, "The value is beyond its limits")
  end
end

local function add_null(tree, node, range)
  tree:add(P.null, range, node.name):set_text(node.name .. ": null")
end

-- constant finds a value among an enum's at a version, by the value itself or by its name in
-- text.
local function constant(node, version, key, x)
  for _, c in ipairs(E[node.enum]) do
    if c[key] == x and c.first <= version and version <= c.last then return c end
  end
end

local function add_enum_name(tree, item, node, range, c)
  if not c then
    item:add_proto_expert_info(malformed, "The version has no such value of " .. node.enum)
    return
  end
  if node.kind ~= "string" then item:append_text(" (" .. c.name .. ")") end
  item:add(F[node.field .. ".name"], range, c.name)
end

-- fields returns a struct's fields at a version, or nil.
local function fields(name, version)
  local s = S[name]
  return s and s[version]
end

local function variant(node, version, key, x)
  for _, v in ipairs(U[node.union]) do
    if v[key] == x and v.first <= version and version <= v.last then return v end
  end
end

-- check_count adds a note to the item of something whose length or count is beyond its limits.
local function check_count(item, node, count)
  if node.min and count < node.min or node.max and count > node.max then
    item:add_proto_expert_info(out_of_range, string.format("The length %.0f is beyond its limits", count))
  end
end

-- before tells whether a map's key stands before another: numbers by value, strings by bytes.
local function before(a, b)
  if type(a) ~= "string" then return a < b end
  for k = 1, math.min(#a, #b) do
    if a:byte(k) ~= b:byte(k) then return a:byte(k) < b:byte(k) end
  end
  return #a < #b
end
