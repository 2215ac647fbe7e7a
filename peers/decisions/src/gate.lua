-- May this number be called? ARGV: number, area code, seller, now in seconds, caller id.
local number, area, seller, now, caller = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local reasons = {}
local function deny(reason) reasons[#reasons + 1] = reason end

local s = redis.call('HMGET', 'seller:' .. seller, 'san_expires', 'stopped', 'caller_id')
if not s[1] or tonumber(s[1]) <= now then deny('san-missing') end
if s[2] == '1' then deny('stopped') end
if s[3] ~= caller then deny('caller-id-unknown') end

local place = redis.call('HMGET', 'area:' .. area, 'state', 'offset', 'open', 'close', 'closed', 'cap')
local state = place[1] or 'unknown'
if not place[1] then
  deny('place-unknown')
else
  local minute = (math.floor(now / 60) + tonumber(place[2])) % 1440
  if minute < tonumber(place[3]) or minute >= tonumber(place[4]) or place[5] == '1' then deny('window-closed') end
end
local registered = redis.call('HGET', 'registrations:' .. seller, state)
if not registered or tonumber(registered) <= now then deny('registration-missing') end

local consent = redis.call('HMGET', 'consent:' .. seller .. ':' .. number, 'id', 'level', 'granted', 'artificial_voice', 'purpose', 'expires', 'revoked')
local written = false
if not consent[1] or tonumber(consent[3]) > now then
  deny('consent-missing')
elseif consent[7] then
  deny('consent-revoked')
elseif consent[6] and tonumber(consent[6]) <= now then
  deny('consent-expired')
elseif consent[2] ~= 'express-written' or consent[4] ~= '1' or consent[5] ~= 'telemarketing' then
  deny('consent-level-too-low')
else
  written = true
end

if redis.call('SISMEMBER', 'dnc:' .. seller, number) == 1 then deny('dnc-internal') end
local listed = redis.call('SISMEMBER', 'national', number)
if listed == 1 and not written then deny('dnc-national') end

local cap = 'cap:' .. seller .. ':' .. number
local used = tonumber(redis.call('GET', cap) or '0')
if used >= tonumber(place[6] or '0') then deny('cap-reached') end

local verdict = 'deny'
if #reasons == 0 then
  verdict = 'allow'
  if redis.call('INCR', cap) == 1 then redis.call('EXPIRE', cap, 86400) end
end
redis.call('XADD', 'decisions', '*', 'to', number, 'seller', seller, 'at', ARGV[4], 'verdict', verdict,
  'reasons', table.concat(reasons, ','), 'caller_id', caller, 'state', state, 'consent', consent[1] or '', 'listed', listed, 'used', used)
return verdict
