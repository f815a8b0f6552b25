-- From here on the same for all protocols: the greeting, the framing, the envelope of the
-- session, and a walk over the tables above. docs/protocol.md describes the wire.
--
-- Framing is that of zero Config: LF for text versions, a length of four bytes, big-endian,
-- for binary ones.

local parley = Proto(protocol.name, protocol.title)

local pf = {
	line = ProtoField.string(protocol.name .. ".line", "Line"),
	version = ProtoField.uint32(protocol.name .. ".version", "Version"),
	length = ProtoField.uint32(protocol.name .. ".length", "Frame length"),
	kind = ProtoField.uint8(protocol.name .. ".kind", "Kind", base.HEX),
	flags = ProtoField.uint8(protocol.name .. ".flags", "Flags", base.HEX),
	seq = ProtoField.uint64(protocol.name .. ".seq", "Sequence number"),
	number = ProtoField.uint64(protocol.name .. ".number", "Number"),
	bytes = ProtoField.bytes(protocol.name .. ".bytes", "Bytes"),
	text = ProtoField.string(protocol.name .. ".text", "Text"),
	message = ProtoField.string(protocol.name .. ".message", "Message"),
	payload = ProtoField.bytes(protocol.name .. ".payload", "Payload"),
	json = ProtoField.string(protocol.name .. ".json", "JSON"),
}
local all = {}
for _, f in pairs(pf) do all[#all + 1] = f end
for _, f in pairs(fields) do all[#all + 1] = f end
parley.fields = all

local malformed = ProtoExpert.new(protocol.name .. ".malformed", "Malformed message", expert.group.MALFORMED, expert.severity.ERROR)
local trailing = ProtoExpert.new(protocol.name .. ".trailing", "Bytes after the message's end", expert.group.PROTOCOL, expert.severity.WARN)
parley.experts = { malformed, trailing }

local stream_field = Field.new("tcp.stream")

-- Reading. A cursor is {tvb, at, stop}; what does not fit raises SHORT.

local SHORT = "the message ends early"

local function take(c, n)
	if c.at + n > c.stop then error(SHORT, 0) end
	local r = c.tvb:range(c.at, n)
	c.at = c.at + n
	return r
end

-- rest returns the range from index from to the cursor.
local function since(c, from)
	if c.at == from then return nil end
	return c.tvb:range(from, c.at - from)
end

local function uvarint(c)
	local from, x, shift = c.at, UInt64(0), 0
	while true do
		local b = take(c, 1):uint()
		x = x + UInt64(b % 128):lshift(shift)
		shift = shift + 7
		if b < 128 then return x, since(c, from) end
		if shift > 63 then error("a varint has more than ten bytes", 0) end
	end
end

local function small(x)
	if x > UInt64(0x7fffffff) then error("a length is larger than any message", 0) end
	return x:tonumber()
end

local function unzigzag(x)
	local half = Int64(x:rshift(1))
	if (x % UInt64(2)):tonumber() == 0 then return half end
	return -half - Int64(1)
end

local function integer(c, n)
	local from, value = c.at, nil
	if n.e == "uvarint" or n.e == "zigzag" then
		local u = uvarint(c)
		value = u
		if n.e == "zigzag" then value = unzigzag(u) end
		return value, since(c, from)
	end
	local r = take(c, n.w)
	if n.k == "uint" then
		value = n.le and r:le_uint64() or r:uint64()
	elseif n.w == 8 then
		value = n.le and r:le_int64() or r:int64()
	else
		value = n.le and r:le_int() or r:int()
	end
	return value, r
end

-- count reads a length; nil stands for null.
local function count(c, n)
	local len = n.len or "uvarint"
	if len == "uvarint" then return small((uvarint(c))) end
	if len == "compact" then
		local u = small((uvarint(c)))
		if u == 0 then return nil end
		return u - 1
	end
	local w = tonumber(len:sub(2)) / 8
	local r = take(c, w)
	local u = n.le and r:le_uint() or r:uint()
	if len:sub(1, 1) == "i" and u == 2 ^ (w * 8) - 1 then return nil end
	return u
end

local value -- the walk over one node, which calls itself

local function struct(c, tree, s)
	if s == nil then error("the version does not have this struct", 0) end
	for _, f in ipairs(s.fields) do
		if not f.tag then value(c, tree, f.node, fields[f.id], f.name, s) end
	end
end

local function null(tree, name)
	tree:add(parley, name .. ": null")
end

local scalars = {}

function scalars.bool(c, tree, n, field, name)
	local r = take(c, 1)
	tree:add(field, r, r:uint() ~= 0)
end

function scalars.int(c, tree, n, field, name)
	local x, r = integer(c, n)
	if n.k == "int" and n.bits < 64 and type(x) ~= "number" then x = x:tonumber() end
	if n.k == "int" and n.bits == 64 and type(x) == "number" then x = Int64(x) end
	local item = tree:add(field, r, x)
	if n.values then item:append_text(" (" .. (n.values[tostring(x)] or "unknown") .. ")") end
end
scalars.uint = scalars.int

function scalars.float(c, tree, n, field, name)
	local r = take(c, n.w)
	if n.le then tree:add_le(field, r) else tree:add(field, r) end
end

function scalars.string(c, tree, n, field, name)
	local len = count(c, n)
	if len == nil then return null(tree, name) end
	if len == 0 then return tree:add(field, "") end
	local r = take(c, len)
	tree:add(field, r, r:string(ENC_UTF_8))
end

function scalars.bytes(c, tree, n, field, name)
	local len = n.size
	if not len then len = count(c, n) end
	if len == nil then return null(tree, name) end
	if len == 0 then return tree:add(parley, name .. ": empty") end
	tree:add(field, take(c, len))
end

function scalars.time(c, tree, n, field, name)
	local x, r = integer(c, n)
	if tostring(x) == "-9223372036854775808" then return tree:add(parley, r, name .. ": zero time") end
	local billion = Int64(1000000000)
	local secs, nanos = x / billion, x % billion
	tree:add(field, r, NSTime.new(secs:tonumber(), nanos:tonumber()))
end
scalars.duration = scalars.time

function scalars.addr(c, tree, n, field, name)
	local len = take(c, 1):uint()
	if len == 0 then return tree:add(field, "") end
	local r = take(c, len)
	tree:add(field, r, tostring(len == 4 and r:ipv4() or r:ipv6()))
end

function scalars.tail(c, tree, n, field, name)
	if c.at < c.stop then tree:add(field, take(c, c.stop - c.at)) end
end

value = function(c, tree, n, field, name, s)
	if scalars[n.k] then return scalars[n.k](c, tree, n, field, name) end
	local from = c.at
	if n.k == "optional" then
		if n.null == "byte" then
			local b = take(c, 1):uint()
			if b ~= 1 then return null(tree, name) end
		end
		return value(c, tree, n.elem, field, name, s)
	elseif n.k == "struct" then
		local sub = tree:add(parley, name)
		struct(c, sub, structs[n.struct])
		local r = since(c, from)
		if r then sub:append_text(" (" .. r:len() .. " bytes)") end
	elseif n.k == "array" or n.k == "list" then
		local len = n.size or count(c, n)
		if len == nil then return null(tree, name) end
		local sub = tree:add(parley, name .. ": " .. len .. " elements")
		for k = 0, len - 1 do
			if c.at > c.stop then error(SHORT, 0) end
			value(c, sub, n.elem, field, name .. "[" .. k .. "]", s)
		end
	elseif n.k == "map" then
		local len = count(c, n)
		if len == nil then return null(tree, name) end
		local sub = tree:add(parley, name .. ": " .. len .. " entries")
		for k = 0, len - 1 do
			value(c, sub, n.key, fields[n.keyid], name .. " key", s)
			value(c, sub, n.elem, field, name .. "[" .. k .. "]", s)
		end
	elseif n.k == "union" then
		local id = tostring((uvarint(c)))
		if id == "0" then return null(tree, name) end
		local variant = n.variants[id]
		if variant == nil then error("a union has no variant " .. id, 0) end
		struct(c, tree:add(parley, name .. ": " .. variant.name), structs[variant.struct])
	elseif n.k == "extensions" then
		local len = small((uvarint(c)))
		local sub = tree:add(parley, name .. ": " .. len .. " tagged fields")
		for _ = 1, len do
			local tag = tostring((uvarint(c)))
			local size = small((uvarint(c)))
			local known = nil
			for _, f in ipairs(s.fields) do
				if f.tag == tag then known = f end
			end
			local part = { tvb = c.tvb, at = c.at, stop = c.at + size }
			if known then
				value(part, sub, known.node, fields[known.id], known.name, s)
				c.at = part.stop
			elseif size > 0 then
				sub:add(field, take(c, size)):append_text(" (tag " .. tag .. ")")
			end
		end
	end
end

-- message shows a payload of one version.
local function message(tvb, pinfo, tree, version)
	local v = versions[version]
	if v == nil then
		tree:add(pf.payload, tvb:range())
		return
	end
	if v.text then
		tree:add(pf.json, tvb:range())
		local name = tvb:range():string(ENC_UTF_8):match('"type"%s*:%s*"([^"]*)"')
		if name then tree:add(pf.message, name):set_generated() end
		Dissector.get("json"):call(tvb, pinfo, tree)
		return
	end
	structs = v.structs
	local c = { tvb = tvb, at = 0, stop = tvb:len() }
	local ok, err = pcall(function()
		local id, r = uvarint(c)
		local m = v.messages[tostring(id)]
		if m == nil then error("no message has the id " .. tostring(id), 0) end
		local sub = tree:add(pf.message, r, m.name)
		pinfo.cols.info:append(" " .. m.name)
		struct(c, sub, structs[m.name])
		if c.at < c.stop and not m.skip then
			sub:add_proto_expert_info(trailing)
		end
	end)
	if not ok then
		tree:add(pf.payload, tvb:range())
		tree:add_proto_expert_info(malformed, "Malformed message: " .. tostring(err))
	end
end

-- The envelope. Each kind's fields, in order: u is a number, 16 and 32 are bytes, t is text to the end.

local kinds = {
	[1] = { "DATA" },
	[2] = { "ACK", { "done", "u" }, { "received", "u" } },
	[3] = { "PING", { "id", "u" }, { "next", "u" } },
	[4] = { "PONG", { "id", "u" } },
	[5] = { "PROBE", { "epoch", "u" }, { "proof", 32 } },
	[6] = { "ATTACH", { "session", 16 }, { "generation", "u" }, { "received", "u" }, { "first", "u" }, { "auth", 32 } },
	[7] = { "ATTACHED", { "generation", "u" }, { "epoch", "u" }, { "received", "u" }, { "first", "u" } },
	[8] = { "PROPOSE", { "epoch", "u" }, { "version", "u" }, { "nonce", 16 } },
	[9] = { "ACCEPT", { "epoch", "u" }, { "version", "u" }, { "nonce", 16 } },
	[10] = { "REJECT", { "epoch", "u" }, { "code", "u" }, { "msg", "t" } },
	[11] = { "WITHDRAW", { "epoch", "u" } },
	[12] = { "CUT", { "epoch", "u" }, { "last", "u" }, { "frames", "u" }, { "proof", 32 } },
	[13] = { "NACK", { "seq", "u" }, { "msg", "t" } },
	[14] = { "GAP", { "seq", "u" }, { "code", "u" }, { "msg", "t" } },
	[15] = { "GOAWAY", { "retry", "u" }, { "alt", "t" } },
	[16] = { "CLOSE", { "code", "u" }, { "msg", "t" } },
}

-- control notes what decides about versions: the proposals' versions, and the cut.
local function control(conv, dir, name, got)
	if name == "PROPOSE" or name == "ACCEPT" then
		conv.proposed[got.epoch] = tonumber(got.version)
	elseif name == "CUT" then
		conv.version[dir] = conv.proposed[got.epoch] or conv.version[dir]
	end
end

-- fragment gathers the pieces of a message, and returns the whole at its end. What was
-- gathered is kept by packet, for later passes over the capture.
local function fragment(conv, dir, pinfo, key, seq, piece, more, cont)
	if not more and not cont then return piece:tvb() end
	local whole = conv.whole[key]
	if whole == nil then
		local open = conv.open[dir]
		if not cont or open == nil then open = ByteArray.new() end
		open:append(piece:bytes())
		conv.open[dir] = open
		whole = more and "" or open
		conv.whole[key] = whole
		if not more then conv.open[dir] = nil end
	end
	if whole == "" then return nil end
	return whole:tvb("Reassembled message")
end

local function data(c, pinfo, tree, conv, dir, version, flags, key)
	local function has(bit) return math.floor(flags / bit) % 2 == 1 end
	local seq, r = uvarint(c)
	tree:add(pf.seq, r, seq)
	local function number(label)
		local x, range = uvarint(c)
		tree:add(pf.number, range, x):set_text(label .. ": " .. tostring(x))
	end
	if has(0x01) then number("done") number("received") end
	if has(0x08) then number("call") end
	if has(0x10) then number("reply to") end
	if has(0x80) then
		local n = small((uvarint(c)))
		if n > 0 then tree:add(pf.bytes, take(c, n)):set_text("extensions") end
	end
	if c.at == c.stop then return end
	local piece = take(c, c.stop - c.at)
	local whole = fragment(conv, dir, pinfo, key, seq, piece, has(0x02), has(0x04))
	if whole then
		message(whole, pinfo, tree, version)
	else
		tree:add(pf.payload, piece):append_text(" (fragment)")
	end
end

local function binary(tvb, pinfo, tree, conv, dir, version, key)
	local c = { tvb = tvb, at = 0, stop = tvb:len() }
	local r = take(c, 1)
	local kind = kinds[r:uint()]
	if kind == nil then error("no kind of frame", 0) end
	tree:add(pf.kind, r):append_text(" (" .. kind[1] .. ")")
	tree:append_text(", " .. kind[1])
	pinfo.cols.info:append(" " .. kind[1])
	local f = take(c, 1)
	tree:add(pf.flags, f)
	if kind[1] == "DATA" then return data(c, pinfo, tree, conv, dir, version, f:uint(), key) end
	local got = {}
	for k = 2, #kind do
		local name, typ = kind[k][1], kind[k][2]
		if typ == "u" then
			local x, range = uvarint(c)
			got[name] = tostring(x)
			tree:add(pf.number, range, x):set_text(name .. ": " .. tostring(x))
		elseif typ == "t" then
			if c.at < c.stop then
				tree:add(pf.text, take(c, c.stop - c.at)):set_text(name .. ": " .. tvb:range(c.at - (c.stop - c.at)):string())
			end
		else
			local range = take(c, typ)
			tree:add(pf.bytes, range):set_text(name .. ": " .. tostring(range:bytes()))
		end
	end
	control(conv, dir, kind[1], got)
end

local function text(tvb, pinfo, tree, conv, dir, version, key)
	local line = tvb:range():string(ENC_UTF_8)
	local name = line:match("^(%u+)")
	tree:add(pf.line, tvb:range())
	if name == nil then error("no kind of frame", 0) end
	tree:append_text(", " .. name)
	pinfo.cols.info:append(" " .. name)
	if name ~= "DATA" then
		local got = {}
		for key, val in line:gmatch(" (%w+)=(%S*)") do got[key] = val end
		control(conv, dir, name, got)
		return
	end
	local seq, attrs, at = line:match("^DATA (%d+) (%S+) ()")
	if seq == nil then error("malformed DATA", 0) end
	tree:add(pf.seq, tvb:range(5, #seq), UInt64(tonumber(seq)))
	tree:add(pf.text, tvb:range(6 + #seq, #attrs)):set_text("attributes: " .. attrs)
	if at > #line then return end
	local set = {}
	for a in attrs:gmatch("[^,]+") do set[a] = true end
	local piece = tvb:range(at - 1)
	local whole = fragment(conv, dir, pinfo, key, seq, piece, set.more, set.cont)
	if whole then message(whole, pinfo, tree, version) end
end

-- Conversations. State goes forward through the capture; what it was at each packet is kept,
-- as packets are shown again in any order.

local conversations = {}

function parley.init() conversations = {} end

local function copy(t)
	local c = {}
	for k, v in pairs(t) do c[k] = v end
	return c
end

local function conversation(pinfo)
	local id = tostring(stream_field() and stream_field().value or 0)
	local conv = conversations[id]
	if conv == nil then
		conv = { client = nil, version = {}, greeted = {}, proposed = {}, open = {}, whole = {}, seen = {} }
		conversations[id] = conv
	end
	return conv
end

-- begin sets a conversation's state to what it was when these bytes were first seen.
local function begin(conv, key)
	local seen = conv.seen[key]
	if seen then
		conv.version, conv.greeted, conv.proposed = copy(seen.version), copy(seen.greeted), copy(seen.proposed)
	else
		conv.seen[key] = { version = copy(conv.version), greeted = copy(conv.greeted), proposed = copy(conv.proposed) }
	end
end

local function greeting(tvb, pinfo, tree, conv, dir)
	local line = tvb:range():string()
	tree:add(pf.line, tvb:range())
	conv.greeted[dir] = true
	if line:match("^PARLEY/1 OK ") then
		local v = tonumber(line:match(" v=(%d+)"))
		tree:append_text(", answer")
		pinfo.cols.info:append(" answer")
		if v then
			tree:add(pf.version, v):set_generated()
			conv.version.up, conv.version.down = v, v
		end
	elseif line:match("^PARLEY/1 NO ") then
		tree:append_text(", refusal")
		pinfo.cols.info:append(" refusal")
	else
		tree:append_text(", greeting")
		pinfo.cols.info:append(" greeting")
	end
end

local function find_lf(tvb, offset)
	local bytes = tvb:range(offset):bytes()
	for k = 0, bytes:len() - 1 do
		if bytes:get_index(k) == 10 then return k end
	end
	return nil
end

function parley.dissector(tvb, pinfo, tree)
	local conv = conversation(pinfo)
	if conv.client == nil then conv.client = tostring(pinfo.src) .. ":" .. pinfo.src_port end
	local dir = conv.client == tostring(pinfo.src) .. ":" .. pinfo.src_port and "up" or "down"
	pinfo.cols.protocol = protocol.title
	pinfo.cols.info = protocol.name
	local at = 0
	begin(conv, pinfo.number .. "/" .. tvb:len() .. dir)
	while at < tvb:len() do
		local version = conv.version[dir]
		local lines = not conv.greeted[dir] or version and versions[version] and versions[version].text
		local head, size, skip = 0, 0, 0
		if lines then
			local lf = find_lf(tvb, at)
			if lf == nil then
				pinfo.desegment_offset = at
				pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
				return tvb:len()
			end
			size, skip = lf, 1
			if lf > 0 and tvb:range(at + lf - 1, 1):uint() == 13 then size, skip = lf - 1, 2 end
		else
			if tvb:len() - at < 4 then
				pinfo.desegment_offset = at
				pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
				return tvb:len()
			end
			head, size = 4, tvb:range(at, 4):uint()
			if tvb:len() - at < 4 + size then
				pinfo.desegment_offset = at
				pinfo.desegment_len = 4 + size - (tvb:len() - at)
				return tvb:len()
			end
		end
		local sub = tree:add(parley, tvb:range(at, head + size + skip), protocol.title)
		if head > 0 then sub:add(pf.length, tvb:range(at, head)) end
		if version and conv.greeted[dir] then sub:add(pf.version, version):set_generated() end
		if size > 0 then
			local frame = tvb:range(at + head, size):tvb()
			local key = pinfo.number .. "/" .. at .. dir
			local ok, err = pcall(function()
				if not conv.greeted[dir] then
					greeting(frame, pinfo, sub, conv, dir)
				elseif lines then
					text(frame, pinfo, sub, conv, dir, version, key)
				else
					binary(frame, pinfo, sub, conv, dir, version, key)
				end
			end)
			if not ok then sub:add_proto_expert_info(malformed, "Malformed frame: " .. tostring(err)) end
		end
		at = at + head + size + skip
	end
	return tvb:len()
end

-- A connection is recognised by its greeting, on whatever port.
parley:register_heuristic("tcp", function(tvb, pinfo, tree)
	local head = "PARLEY/1 " .. protocol.name .. " "
	if tvb:len() < #head or tvb:range(0, #head):string() ~= head then return false end
	pinfo.conversation = parley
	parley.dissector(tvb, pinfo, tree)
	return true
end)
DissectorTable.get("tcp.port"):add_for_decode_as(parley)
