-- Reading bytes. Wireshark's Lua is 5.2 or newer, so that numbers may be doubles: an integer
-- of 64 bits is read as two halves of 32.

local HALF = 4294967296

-- fail ends the dissection of a frame; at is an offset in the reader's buffer.
local function fail(at, what, ...) error({at = at, what = string.format(what, ...)}, 0) end

-- printable replaces what is no ASCII, for texts that Wireshark takes as they are.
local function printable(s) return (s:gsub("[^ -~]", "?")) end

-- The byte sequences of UTF-8 that are longer than one (RFC 3629, section 4).
local sequences = {
  "^[\194-\223][\128-\191]", "^\224[\160-\191][\128-\191]", "^[\225-\236\238\239][\128-\191][\128-\191]",
  "^\237[\128-\159][\128-\191]", "^\240[\144-\191][\128-\191][\128-\191]",
  "^[\241-\243][\128-\191][\128-\191][\128-\191]", "^\244[\128-\143][\128-\191][\128-\191]",
}

-- bad_utf8 returns where a string is not valid UTF-8, or nil.
local function bad_utf8(s)
  local i = s:find("[\128-\255]")
  while i do
    local _, stop
    for _, sequence in ipairs(sequences) do
      _, stop = s:find(sequence, i)
      if stop then break end
    end
    if not stop then return i end
    i = s:find("[\128-\255]", stop + 1)
  end
end

local Reader = {}
Reader.__index = Reader

-- new_reader reads the bytes of a buffer from an offset up to another.
local function new_reader(tvb, from, to)
  local s = from < to and tvb:raw(from, to - from) or ""
  return setmetatable({tvb = tvb, s = s, base = from, i = 0, n = to - from}, Reader)
end

function Reader:range(from, to) return self.tvb:range(self.base + from, (to or self.i) - from) end

function Reader:left() return self.n - self.i end

function Reader:fail(at, what, ...) fail(self.base + at, what, ...) end

-- take returns the next n bytes as a string.
function Reader:take(n)
  if self:left() < n then self:fail(self.n, "ends early: %.0f more bytes are needed", n - self:left()) end
  self.i = self.i + n
  return self.s:sub(self.i - n + 1, self.i)
end

function Reader:byte() return self:take(1):byte() end

-- uvarint returns the halves of an unsigned LEB128 number in its shortest form.
function Reader:uvarint()
  local from, hi, lo = self.i, 0, 0
  for k = 0, 9 do
    local c = self:byte()
    local digit = c % 128
    if k < 4 then
      lo = lo + digit * 2 ^ (7 * k)
    elseif k == 4 then
      lo = lo + digit % 16 * 2 ^ 28
      hi = math.floor(digit / 16)
    else
      hi = hi + digit * 2 ^ (7 * k - 32)
    end
    if c < 128 then
      if c == 0 and k > 0 then self:fail(from, "a uvarint is not in its shortest form") end
      if k == 9 and c > 1 then break end
      return hi, lo
    end
  end
  self:fail(from, "a uvarint is larger than 64 bits")
end

-- count is a uvarint as a plain number, for lengths.
function Reader:count()
  local hi, lo = self:uvarint()
  return hi * HALF + lo
end

-- fixed returns the halves of an unsigned integer of so many bytes.
function Reader:fixed(width, little)
  local s = self:take(width)
  if little then s = s:reverse() end
  local hi, lo = 0, 0
  for k = 1, width do
    if k <= width - 4 then hi = hi * 256 + s:byte(k) else lo = lo * 256 + s:byte(k) end
  end
  return hi, lo
end

-- integer returns a node's number as UInt64 or Int64.
function Reader:integer(node)
  local hi, lo
  if node.width then
    hi, lo = self:fixed(node.width, node.little)
    if node.unsigned then return UInt64.new(lo, hi) end
    if node.width <= 4 then
      local bound = 2 ^ (8 * node.width)
      return Int64.new(lo >= bound / 2 and lo - bound or lo)
    end
    if node.width < 8 and hi >= 2 ^ (8 * node.width - 33) then hi = hi + HALF - 2 ^ (8 * node.width - 32) end
    return Int64.new(lo, hi)
  end
  local from = self.i
  hi, lo = self:uvarint()
  if node.bits < 64 and hi * HALF + lo >= 2 ^ node.bits then self:fail(from, "the number has more than %d bits", node.bits) end
  if node.unsigned then return UInt64.new(lo, hi) end
  -- Zigzag: the lowest bit says whether all others are inverted.
  local odd = lo % 2 == 1
  lo = math.floor(lo / 2) + hi % 2 * (HALF / 2)
  hi = math.floor(hi / 2)
  if odd then hi, lo = HALF - 1 - hi, HALF - 1 - lo end
  return Int64.new(lo, hi)
end
