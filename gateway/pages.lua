-- Leads visitors of the site's pages: the checks that the API makes, as redirects.
-- routes.py puts it in the place of browser.lua on the one route to pages, and sets PUBLIC and FILES
-- (prefixes), AUTH (the cluster) and JUDGE (the gRPC path of DirectoryService.GetVisitor).
--
-- Auth is asked for every page, files aside. Maintenance is told first, so that neither the page of
-- maintenance nor that of the banned is ever led elsewhere. No answer: no private page (503).

local KNOWN, STRANGER, BANNED, UNDER_MAINTENANCE = 1, 2, 3, 4
local REMOVED = "wToken=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
local LONGEST = 4096
local PATIENCE_MS = 2000
local ALWAYS = { "/maintenance", "/banned" }

local function is_below(path, prefixes)
  for _, prefix in ipairs(prefixes) do
    if path == prefix or path:sub(1, #prefix + 1) == prefix .. "/" then return true end
  end
  return false
end

-- The cookie's value, "" when it cannot be a token, nil without the cookie.
local function token_of(header)
  for name, value in (header or ""):gmatch("([^=;,%s]+)=([^;,%s]*)") do
    if name == "wToken" then
      return #value <= LONGEST and value:find("^[%w%-_%.]+$") and value or ""
    end
  end
end

-- GetVisitorRequest{token} as protobuf: field 1, its length as a varint, the bytes.
local function message(token)
  if token == "" then return "" end
  local size = #token
  local length = size < 128 and string.char(size)
    or string.char(size % 128 + 128, math.floor(size / 128))
  return "\10" .. length .. token
end

-- A gRPC frame: not compressed, four bytes of length.
local function frame(body)
  return string.char(0, 0, 0, math.floor(#body / 256), #body % 256) .. body
end

-- Who comes, or nil when auth does not say.
local function judge(handle, token)
  local answered, body = handle:httpCall(AUTH, {
    [":method"] = "POST",
    [":path"] = JUDGE,
    [":authority"] = "auth",
    ["content-type"] = "application/grpc",
    ["te"] = "trailers",
    ["grpc-timeout"] = PATIENCE_MS .. "m",
  }, frame(message(token)), PATIENCE_MS)
  local kind = answered["content-type"] or ""
  if answered[":status"] ~= "200" or kind:sub(1, 16) ~= "application/grpc" then return nil end
  -- Five bytes of frame, then field 1 as a varint.
  if not body or #body ~= 7 or body:byte(6) ~= 8 then return nil end
  return body:byte(7)
end

local function lead(handle, target, removed)
  local headers = { [":status"] = "302", ["location"] = target }
  if removed then headers["set-cookie"] = REMOVED end
  handle:respond(headers, "")
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local path = headers:get(":path"):match("^[^?#]*")
  local token = token_of(headers:get("cookie"))
  -- Who serves pages needs nobody's tokens.
  headers:remove("cookie")
  headers:remove("authorization")
  if is_below(path, ALWAYS) or is_below(path, FILES) then return end
  local public = is_below(path, PUBLIC)
  local visitor = judge(handle, not public and token or "")
  if visitor == UNDER_MAINTENANCE then return lead(handle, "/maintenance") end
  if public or visitor == KNOWN then return end
  if visitor == BANNED then return lead(handle, "/banned") end
  if visitor == STRANGER then return lead(handle, "/login", token ~= nil) end
  handle:respond({ [":status"] = "503" }, "")
end
