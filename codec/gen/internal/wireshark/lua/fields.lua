-- Fields of the greeting, the envelope and the extras of messages. They have the same names in
-- every Parley protocol's dissector: a display filter such as parley.seq == 4 finds them all.

local function string_field(key, name) P[key] = ProtoField.string("parley." .. key, name) end
local function number_field(key, name) P[key] = ProtoField.uint64("parley." .. key, name) end
local function bytes_field(key, name) P[key] = ProtoField.bytes("parley." .. key, name) end
local function flag_field(key, name) P[key] = ProtoField.bool("parley." .. key, name) end

P.length = ProtoField.uint32("parley.length", "Frame length")
P.dialect = ProtoField.uint32("parley.dialect", "Version spoken")
P.assumed = ProtoField.bool("parley.assumed", "Version assumed")
string_field("kind", "Kind")
string_field("greeting", "Greeting")
string_field("answer", "Answer")
for _, key in ipairs({"v", "min", "fp", "f", "max", "win", "hb", "n", "all", "code", "p", "retry", "alt", "msg"}) do
  string_field("greeting." .. key, key)
end
string_field("greeting.other", "Unknown key")

number_field("seq", "Sequence number")
number_field("done", "Done up to")
number_field("received", "Received up to")
number_field("dropped", "Dropped by its handler")
number_field("call", "Call")
number_field("reply", "Reply to call")
number_field("id", "Id")
number_field("next", "Next ping within (ms)")
number_field("epoch", "Epoch")
number_field("generation", "Generation")
number_field("first", "First retained")
number_field("version", "Version")
number_field("last", "Last sequence number")
number_field("frames", "Frames sent")
number_field("code", "Code")
number_field("retry", "Retry after (ms)")
bytes_field("proof", "Proof")
bytes_field("auth", "Authentication")
bytes_field("session", "Session")
bytes_field("nonce", "Nonce")
string_field("msg", "Text")
string_field("alt", "Alternatives")
bytes_field("undecoded", "Not decoded")
bytes_field("ignored", "Ignored")
for _, flag in ipairs({"ack", "more", "cont", "call", "reply", "dup", "ext", "ask", "secret", "known"}) do
  flag_field("flag." .. flag, "Flag " .. flag)
end

string_field("failed", "The call failed")
string_field("metadata", "Metadata")
number_field("inflated", "Compressed, without it of bytes")
bytes_field("compressed", "Compressed payload")
number_field("extension.tag", "Tag")
bytes_field("extension.data", "Data")
P.joined_in = ProtoField.framenum("parley.joined_in", "Message joined in frame")
P.fragment = ProtoField.framenum("parley.fragment", "Fragment in frame")
bytes_field("payload", "Payload")
string_field("null", "Null")
string_field("unknown", "Unknown member")

local malformed = ProtoExpert.new("parley.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR)
local trailing = ProtoExpert.new("parley.trailing", "Bytes after the end", expert.group.MALFORMED, expert.severity.ERROR)
local unread = ProtoExpert.new("parley.unread", "Cannot be shown", expert.group.UNDECODED, expert.severity.WARN)
local out_of_range = ProtoExpert.new("parley.range", "Beyond the limits of the schema", expert.group.PROTOCOL, expert.severity.WARN)
local guessed = ProtoExpert.new("parley.guessed", "The greeting was not captured", expert.group.ASSUMPTION, expert.severity.NOTE)
local refused = ProtoExpert.new("parley.refused", "The server refused", expert.group.RESPONSE_CODE, expert.severity.WARN)
proto.experts = {malformed, trailing, unread, out_of_range, guessed, refused}
