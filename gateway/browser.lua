-- Lets browsers sign calls with cookies that no script can read, and no other site can use.
-- It stands behind the transcoder, so it sees gRPC only, and before the check of tokens.
-- filters.py sets NEEDS_TOKEN (the paths of methods that do) and ORIGINS in front of this.
--
-- The cookie wToken becomes the bearer token of methods that need one, unless the caller sent one.
-- The cookies of OWN are passed on to auth alone, for callers in browser mode (x-weneeds-client:
-- browser): under the names that auth gave them, with a prefix wherever cookies are Secure.
-- Whoever changes something by a cookie or in browser mode must come from a known page, and with a
-- header that pages of other sites cannot send: x-weneeds-csrf: 1.

local REMOVED = "wToken=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
local LONGEST = 4096
local OWN = { "__Host-wRefresh", "wRefresh", "__Host-wBinding", "wBinding" }
local AUTH = "/weneeds.auth."

local function cookie_of(header, wanted)
  for name, value in (header or ""):gmatch("([^=;,%s]+)=([^;,%s]*)") do
    if name == wanted and #value <= LONGEST and value:find("^[%w%-_%.]+$") then return value end
  end
end

local function own_cookies(header)
  local found = {}
  for _, name in ipairs(OWN) do
    local value = cookie_of(header, name)
    if value then found[#found + 1] = name .. "=" .. value end
  end
  return table.concat(found, "; ")
end

local function changes(headers)
  local method = headers:get("x-envoy-original-method") or headers:get(":method")
  return method ~= "GET" and method ~= "HEAD"
end

local function is_known_page(headers)
  local origin = headers:get("origin")
  if not origin then return false end
  local scheme = headers:get("x-forwarded-proto") or ""
  local own = scheme .. "://" .. (headers:get(":authority") or "")
  return ORIGINS[origin] == true or origin:lower() == own:lower()
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local proof = headers:get("x-weneeds-csrf")
  local cookie = headers:get("cookie")
  headers:remove("x-weneeds-csrf")
  headers:remove("cookie")
  local browser = headers:get("x-weneeds-client") == "browser"
  if not cookie and not browser then return end
  local token = cookie_of(cookie, "wToken")
  local by_cookie = token and NEEDS_TOKEN[headers:get(":path")] and not headers:get("authorization")
  if not by_cookie and not browser then return end
  if changes(headers) and not (proof == "1" and is_known_page(headers)) then
    return handle:respond({ [":status"] = "403" }, "")
  end
  if by_cookie then
    headers:add("authorization", "Bearer " .. token)
    handle:streamInfo():dynamicMetadata():set("browser", "by_cookie", true)
  end
  if not browser or headers:get(":path"):sub(1, #AUTH) ~= AUTH then return end
  local own = own_cookies(cookie)
  if own ~= "" then headers:add("cookie", own) end
end

-- A token that is refused is of no more use: the browser forgets it.
function envoy_on_response(handle)
  local noted = handle:streamInfo():dynamicMetadata():get("browser")
  if not noted or not noted["by_cookie"] then return end
  local headers = handle:headers()
  if headers:get(":status") == "401" or headers:get("grpc-status") == "16" then
    headers:add("set-cookie", REMOVED)
  end
end
