-- A reader of JSON (RFC 8259) that remembers where each value stands.

local json = {}
local MAX_NESTING = 500

local escapes = {['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t"}

local function utf8_bytes(c)
  if c < 0x80 then return string.char(c) end
  local tail = ""
  local limit = 0x40
  repeat
    tail = string.char(0x80 + c % 64) .. tail
    c = math.floor(c / 64)
    limit = limit / 2
  until c < limit
  return string.char(256 - limit * 2 + c) .. tail
end

local function space(r) r.i = r.s:find("[^ \t\r\n]", r.i + 1) or r.n + 1; r.i = r.i - 1 end

local function syntax(r) r:fail(math.min(r.i, r.n), "this is not JSON") end

local function expect(r, c)
  space(r)
  if r.s:sub(r.i + 1, r.i + 1) ~= c then syntax(r) end
  r.i = r.i + 1
end

local function escape(r)
  local c = r:take(1)
  if escapes[c] then return escapes[c] end
  local high = c == "u" and tonumber(r:take(4), 16)
  if not high then syntax(r) end
  if high < 0xD800 or high > 0xDFFF then return utf8_bytes(high) end
  local low = r:take(2) == "\\u" and tonumber(r:take(4), 16)
  if not low or high > 0xDBFF or low < 0xDC00 or low > 0xDFFF then syntax(r) end
  return utf8_bytes((high - 0xD800) * 1024 + low - 0xDC00 + 0x10000)
end

local function text(r)
  expect(r, '"')
  local from, parts = r.i, {}
  while true do
    local stop = r.s:find('[%c"\\]', r.i + 1)
    if not stop then r.i = r.n; syntax(r) end
    parts[#parts + 1] = r.s:sub(r.i + 1, stop - 1)
    r.i = stop
    local c = r.s:sub(stop, stop)
    if c == '"' then
      local s = table.concat(parts)
      if bad_utf8(s) then r:fail(from, "a string is not valid UTF-8") end
      return s
    end
    if c == "\\" then
      parts[#parts + 1] = escape(r)
    elseif c == "\127" then
      parts[#parts + 1] = c
    else
      syntax(r)
    end
  end
end

local value

local function members(r, depth)
  local list = {}
  expect(r, "{")
  space(r)
  if r.s:sub(r.i + 1, r.i + 1) == "}" then r.i = r.i + 1; return list end
  repeat
    space(r)
    local from, name = r.i, text(r)
    expect(r, ":")
    list[#list + 1] = {name = name, from = from, value = value(r, depth + 1)}
    space(r)
    local c = r:take(1)
    if c ~= "," and c ~= "}" then r.i = r.i - 1; syntax(r) end
  until c == "}"
  return list
end

local function items(r, depth)
  local list = {}
  expect(r, "[")
  space(r)
  if r.s:sub(r.i + 1, r.i + 1) == "]" then r.i = r.i + 1; return list end
  repeat
    list[#list + 1] = value(r, depth + 1)
    space(r)
    local c = r:take(1)
    if c ~= "," and c ~= "]" then r.i = r.i - 1; syntax(r) end
  until c == "]"
  return list
end

local function scalar(r)
  for _, word in ipairs({"true", "false", "null"}) do
    if r.s:sub(r.i + 1, r.i + #word) == word then
      r.i = r.i + #word
      return {is = word == "null" and "null" or "bool", text = word}
    end
  end
  local number = r.s:match("^-?%d+%.?%d*[eE]?[+-]?%d*", r.i + 1)
  if not number or not tonumber(number) or number:find("^-?0%d") then syntax(r) end
  r.i = r.i + #number
  return {is = "number", text = number}
end

-- value reads any value: {is, from, to, and text, members or items}.
function value(r, depth)
  if depth > MAX_NESTING then r:fail(r.i, "nested too deep") end
  space(r)
  local from, c, v = r.i, r.s:sub(r.i + 1, r.i + 1), nil
  if c == "{" then
    v = {is = "object", members = members(r, depth)}
  elseif c == "[" then
    v = {is = "list", items = items(r, depth)}
  elseif c == '"' then
    v = {is = "string", text = text(r)}
  else
    v = scalar(r)
  end
  v.from, v.to = from, r.i
  return v
end

-- parse reads the one value that a reader holds.
function json.parse(r)
  local v = value(r, 0)
  space(r)
  return v
end
