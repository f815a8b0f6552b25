-- Messages of binary versions: each kind of node has a function that reads one value and adds
-- it to the tree. Those of numbers and strings, which may be a map's keys, return it.

local binary = {}

local function read(r, node, tree, version)
  if node.kind ~= "tail" and r.depth > DEPTH * 4 then r:fail(r.i, "nested too deep") end
  r.depth = r.depth + 1
  local x = binary[node.kind](r, node, tree, version)
  r.depth = r.depth - 1
  return x
end

-- subtree runs f with a new item, and then gives the item the length of what was read.
local function subtree(r, tree, field, f, ...)
  local from = r.i
  local item = tree:add(F[field], r:range(from, r.n), ...)
  f(item)
  item:set_len(r.i - from)
  return item
end

function binary.bool(r, node, tree)
  local from, c = r.i, r:byte()
  if c > 1 then r:fail(from, "a bool of %d", c) end
  tree:add(F[node.field], r:range(from), c == 1)
end

function binary.integer(r, node, tree, version)
  local from, x = r.i, r:integer(node)
  local item = add_integer(tree, node, r:range(from), x)
  if node.enum then add_enum_name(tree, item, node, r:range(from), constant(node, version, "value", tostring(x))) end
  return x
end

function binary.float(r, node, tree)
  local from = r.i
  r:take(node.width)
  local range = r:range(from)
  add_float(tree, node, range, node.little and range:le_float() or not node.little and range:float())
end

function binary.time(r, node, tree)
  local from, x = r.i, r:integer(node)
  add_time(tree, node, r:range(from), x)
end

function binary.duration(r, node, tree)
  local from, x = r.i, r:integer(node)
  add_duration(tree, node, r:range(from), x)
end

-- length reads a length or a count; nil is null.
local function length(r, node, nullable)
  local from, count = r.i, nil
  if node.prefix == "uvarint" then
    count = r:count()
  elseif node.prefix == "compact" then
    count = r:count() - 1
  else
    local width = tonumber(node.prefix:sub(2)) / 8
    local _, lo = r:fixed(width, node.little)
    count = lo
    if node.prefix:sub(1, 1) == "i" and lo >= 2 ^ (8 * width - 1) then count = lo - 2 ^ (8 * width) end
  end
  if count >= 0 then return count end
  if count == -1 and nullable then return nil end
  r:fail(from, "%s: null is not allowed", node.name)
end

local function read_string(r, node, tree, version, nullable)
  local start = r.i
  local n = length(r, node, nullable)
  if not n then return add_null(tree, node, r:range(start)) end
  local from, s = r.i, r:take(n)
  local item = tree:add_packet_field(F[node.field], r:range(from), ENC_UTF_8)
  check_count(item, node, n)
  if node.enum then add_enum_name(tree, item, node, r:range(from), constant(node, version, "value", s)) end
  if node.utf8 and bad_utf8(s) then r:fail(from + bad_utf8(s) - 1, "%s: not valid UTF-8", node.name) end
  return s
end

function binary.string(r, node, tree, version) return read_string(r, node, tree, version, false) end

function binary.bytes(r, node, tree)
  local start = r.i
  local n = length(r, node, node.null)
  if not n then return add_null(tree, node, r:range(start)) end
  local from = r.i
  r:take(n)
  check_count(tree:add(F[node.field], r:range(from)), node, n)
end

function binary.array_of_bytes(r, node, tree)
  local from = r.i
  r:take(node.len)
  tree:add(F[node.field], r:range(from))
end

function binary.addr(r, node, tree)
  local from, n = r.i, r:byte()
  if n ~= 0 and n ~= 4 and n ~= 16 then r:fail(from, "%s: an address of %d bytes", node.name, n) end
  local bytes = r:take(n)
  local text = ""
  if n == 4 then text = string.format("%d.%d.%d.%d", bytes:byte(1, 4)) end
  if n == 16 then text = tostring(r:range(from + 1):ipv6()) end
  tree:add(F[node.field], r:range(from), text)
end

-- elements reads so many elements into a subtree that shows their count.
local function elements(r, node, tree, version, from, count)
  local item = tree:add(F[node.field], r:range(from, r.n), count)
  check_count(item, node, count)
  if count > r:left() and not node.hollow then r:fail(r.i, "%s: %.0f elements cannot be in %d bytes", node.name, count, r:left()) end
  for _ = 1, count do read(r, node.elem, item, version) end
  item:set_len(r.i - from)
end

function binary.array(r, node, tree, version) elements(r, node, tree, version, r.i, node.len) end

function binary.slice(r, node, tree, version)
  local from = r.i
  local n = length(r, node, node.null)
  if not n then return add_null(tree, node, r:range(from)) end
  elements(r, node, tree, version, from, n)
end

function binary.map(r, node, tree, version)
  local from = r.i
  local n = length(r, node, node.null)
  if not n then return add_null(tree, node, r:range(from)) end
  local item = tree:add(F[node.field], r:range(from, r.n), n)
  check_count(item, node, n)
  if n > r:left() then r:fail(r.i, "%s: %.0f entries cannot be in %d bytes", node.name, n, r:left()) end
  local last
  for _ = 1, n do
    subtree(r, item, node.field .. ".entry", function(entry)
      local start, key = r.i, read(r, node.key, entry, version)
      if last and not before(last, key) then r:fail(start, "%s: the keys do not ascend", node.name) end
      last = key
      read(r, node.elem, entry, version)
    end)
  end
  item:set_len(r.i - from)
end

function binary.pointer(r, node, tree, version)
  if not node.null then return read(r, node.elem, tree, version) end
  if node.by_length then return read_string(r, node.elem, tree, version, true) end
  local from, c = r.i, r:byte()
  if c == node.absent then return add_null(tree, node, r:range(from)) end
  if c ~= 1 then r:fail(from, "%s: a presence of %d", node.name, c) end
  read(r, node.elem, tree, version)
end

-- extensions reads a section of tagged fields; known holds the nodes by their tags.
local function extensions(r, node, tree, version, known)
  subtree(r, tree, node.field, function(item)
    local last = -1
    for _ = 1, r:count() do
      local from, tag = r.i, r:count()
      if tag <= last then r:fail(from, "tag %.0f after %.0f", tag, last) end
      last = tag
      local size = r:count()
      local start = r.i
      r:take(size)
      if known[tag] then
        local part = new_reader(r.tvb, r.base + start, r.base + r.i)
        part.depth = r.depth
        read(part, known[tag], tree, version)
        if part:left() > 0 then part:fail(part.i, "tag %.0f has bytes after its end", tag) end
      else
        local entry = item:add(P["extension.tag"], r:range(from), UInt64.new(tag))
        entry:add(P["extension.data"], r:range(start))
      end
    end
  end)
end

-- read_fields reads all fields of a struct.
local function read_fields(r, name, tree, version)
  local known = {}
  for _, node in ipairs(fields(name, version)) do
    if node.tag then
      known[node.tag] = node
    elseif node.kind == "extensions" then
      extensions(r, node, tree, version, known)
    else
      read(r, node, tree, version)
    end
  end
end

function binary.struct(r, node, tree, version)
  subtree(r, tree, node.field, function(item) read_fields(r, node.struct, item, version) end)
end

function binary.union(r, node, tree, version)
  local from, id = r.i, r:count()
  if id == 0 and node.null then return add_null(tree, node, r:range(from)) end
  local v = variant(node, version, "id", id)
  if not v then r:fail(from, "%s: no variant %.0f", node.name, id) end
  local item = tree:add(F[node.field], r:range(from, r.n), v.struct)
  read_fields(r, v.struct, item, version)
  item:set_len(r.i - from)
end

function binary.tail(r, node, tree)
  local from = r.i
  r:take(r:left())
  tree:add(F[node.field], r:range(from))
end

-- binary_message reads a payload: a uvarint id, then the fields. It returns the message's name.
local function binary_message(tvb, from, to, tree, version)
  local r = new_reader(tvb, from, to)
  r.depth = 0
  local id = r:count()
  local m = M[id]
  if not m or not fields(m.struct, version) or not m.versions[version] then
    fail(from, "version %d has no message %.0f", version, id)
  end
  subtree(r, tree, m.field, function(item) read_fields(r, m.struct, item, version) end)
  if r:left() > 0 then
    local rest = tree:add(P.undecoded, r:range(r.i, r.n))
    if not m.skip_tail then rest:add_proto_expert_info(trailing, string.format("%d bytes after the end of %s", r:left(), m.struct)) end
  end
  return m.struct
end
