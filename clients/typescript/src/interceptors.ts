import { clone, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { Interceptor } from "@connectrpc/connect";

/** Tells the server in which language to explain itself. */
export function language(locale: string): Interceptor {
  return (next) => (request) => {
    request.header.set("accept-language", locale);
    return next(request);
  };
}

/**
 * Gives each call that takes a request_id and has none a fresh one, which makes
 * sending it again safe. The caller's message is left alone: used for a second
 * call, it is a second request.
 */
export const identifying: Interceptor = (next) => (request) => {
  if (request.stream) {
    return next(request);
  }
  const message = identified(request.method.input, request.message);
  return next({ ...request, message });
};

function identified(schema: DescMessage, message: Message): Message {
  const field = schema.fields.find((each) => each.name === "request_id");
  if (field?.fieldKind !== "scalar" || reflect(schema, message).get(field) !== "") {
    return message;
  }
  const copy = clone(schema, message);
  reflect(schema, copy).set(field, crypto.randomUUID());
  return copy;
}
