-- Reads the body of a REST call before the transcoder does, which drops unknown fields silently.
-- Refuses what is not JSON, and sends the key paths found along as a header, so that the service
-- can refuse the unknown ones: {"job": {"title": "x", "skills": []}} is "job.title,job.skills".
-- filters.py sets MAX_PATHS, MAX_BYTES, MAX_DEPTH and MAX_STEPS in front of this.
-- Keys keep only letters, digits and _; other bytes appear as %XX and match no field.
-- It also refuses a field that stands in the path and comes again in the body or the query, where
-- the transcoder would let one of them win, and a body where there is to be none, which the
-- transcoder would read.

local find, sub, byte, format = string.find, string.sub, string.byte, string.format

local HEADER = "x-weneeds-json-fields"

local value -- forward

local function fail(message)
  error({ refusal = message }, 0)
end

local function skip(text, at)
  local _, last = find(text, "^[ \t\r\n]*", at)
  return last + 1
end

local function step(found)
  found.steps = found.steps + 1
  if found.steps > MAX_STEPS then fail("The body has too many values.") end
end

-- The index after the string that opens at `at`.
local function string_end(text, at, found)
  local from = at + 1
  while true do
    step(found)
    local hit = find(text, '[%z\1-\31"\\]', from)
    local char = hit and byte(text, hit)
    if char == 34 then return hit + 1 end
    if char ~= 92 then fail("The body is not JSON: a string does not end.") end
    if find(text, '^["\\/bfnrt]', hit + 1) then
      from = hit + 2
    elseif find(text, "^u%x%x%x%x", hit + 1) then
      from = hit + 6
    else
      fail("The body is not JSON: unknown escape in a string.")
    end
  end
end

local function number_end(text, at)
  local _, last = find(text, "^-?%d+", at)
  if not last or find(text, "^-?0%d", at) then fail("The body is not JSON.") end
  local _, fraction = find(text, "^%.%d+", last + 1)
  last = fraction or last
  local _, exponent = find(text, "^[eE][+-]?%d+", last + 1)
  return (exponent or last) + 1
end

local function leaf(found, path)
  if path == "" or found.seen[path] then return end
  found.seen[path] = true
  found.count = found.count + 1
  found.bytes = found.bytes + #path + 1
  if found.count > MAX_PATHS or found.bytes > MAX_BYTES then
    fail("The body has too many different fields.")
  end
  found[found.count] = path
end

local function key_of(raw)
  return (raw:gsub("[^%w_]", function(char) return format("%%%02X", byte(char)) end))
end

local function object_end(text, at, path, depth, found)
  at = skip(text, at + 1)
  if byte(text, at) == 125 then
    leaf(found, path)
    return at + 1
  end
  while true do
    if byte(text, at) ~= 34 then fail("The body is not JSON: a key is missing.") end
    local after = string_end(text, at, found)
    local key = key_of(sub(text, at + 1, after - 2))
    at = skip(text, after)
    if byte(text, at) ~= 58 then fail("The body is not JSON: ':' is missing.") end
    at = value(text, skip(text, at + 1), path == "" and key or path .. "." .. key, depth, found)
    at = skip(text, at)
    local char = byte(text, at)
    if char == 125 then return at + 1 end
    if char ~= 44 then fail("The body is not JSON: an object does not end.") end
    at = skip(text, at + 1)
  end
end

local function array_end(text, at, path, depth, found)
  at = skip(text, at + 1)
  if byte(text, at) == 93 then
    leaf(found, path)
    return at + 1
  end
  while true do
    at = skip(text, value(text, at, path, depth, found))
    local char = byte(text, at)
    if char == 93 then return at + 1 end
    if char ~= 44 then fail("The body is not JSON: a list does not end.") end
    at = skip(text, at + 1)
  end
end

-- Reads one value and returns the index after it.
value = function(text, at, path, depth, found)
  if depth > MAX_DEPTH then fail("The body is nested too deeply.") end
  step(found)
  local char = byte(text, at)
  if char == 123 then return object_end(text, at, path, depth + 1, found) end
  if char == 91 then return array_end(text, at, path, depth + 1, found) end
  leaf(found, path)
  if char == 34 then return string_end(text, at, found) end
  for _, word in ipairs({ "true", "false", "null" }) do
    if sub(text, at, at + #word - 1) == word then return at + #word end
  end
  return number_end(text, at)
end

local function paths_of(text)
  local found = { seen = {}, count = 0, bytes = 0, steps = 0 }
  local at = skip(text, value(text, skip(text, 1), "", 0, found))
  if at <= #text then fail("The body is not JSON: something follows the value.") end
  return found
end

-- job_id and jobId are the same field.
local function plain(name)
  return (name:gsub("_", ""):lower())
end

local function bound_fields(facts)
  local bound = {}
  for _, name in ipairs(facts.bound) do bound[plain(name)] = name end
  return bound
end

local function check_collisions(found, facts)
  local bound = bound_fields(facts)
  local prefix = facts.body == "*" and "" or facts.body .. "."
  for _, path in ipairs(found) do
    local name = bound[plain(prefix .. path)]
    if name then fail(name .. " stands in the path and must not come in the body.") end
  end
end

local function check_query(path, facts)
  local query = path:match("%?([^#]*)")
  if not query or query == "" then return end
  if facts.body == "*" then fail("This path takes no query parameters.") end
  local bound = bound_fields(facts)
  for pair in query:gmatch("[^&]+") do
    local key = pair:match("^[^=]*"):gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end)
    local name = bound[plain(key)]
    if name then fail(name .. " stands in the path and must not come in the query.") end
  end
end

local function is_json(content_type)
  local name, rest = content_type:lower():match("^%s*([^;%s]+)%s*(.*)$")
  if name ~= "application/json" then return false end
  return rest == "" or rest:match('^;%s*charset="?utf%-8"?%s*$') ~= nil
end

local function refuse(handle, status, message)
  handle:respond({ [":status"] = status }, message)
end

-- Runs a check. Answers its result, or nil after it refused.
local function checked(handle, check, ...)
  local ok, result = pcall(check, ...)
  if ok then return result or true end
  if type(result) == "table" then
    refuse(handle, "400", result.refusal)
    return nil
  end
  handle:logErr("the body check failed: " .. tostring(result))
  refuse(handle, "500", "")
  return nil
end

function envoy_on_request(handle)
  local context = handle:filterContext()
  local facts = { bound = context:get("bound") or {}, body = context:get("body") or "" }
  local content_type = handle:headers():get("content-type")
  if content_type and not is_json(content_type) then
    return refuse(handle, "415", "")
  end
  if not checked(handle, check_query, handle:headers():get(":path"), facts) then return end
  local body = handle:body()
  if not body or body:length() == 0 then return end
  if facts.body == "" then return refuse(handle, "400", "This path takes no body.") end
  if not content_type then return refuse(handle, "415", "") end
  local found = checked(handle, paths_of, body:getBytes(0, body:length()))
  if not found or not checked(handle, check_collisions, found, facts) then return end
  if #found > 0 then handle:headers():replace(HEADER, table.concat(found, ",")) end
end
