//! O miolo do cliente JavaScript: a parte que é igual em toda API e que não se gera.
//!
//! O SDK da AWS também é assim: `apigClient.js` é gerado, e `lib/apiGatewayCore` é sempre o mesmo.

/// O fim do módulo: `ApiError` e `send`, que faz uma chamada a partir do plano dela.
///
/// ```text
/// send({ baseUrl, apiKey, authorization, fetch }, plano, params, body) ─▶ Promise
/// ```
///
/// O plano é o JSON de [`crate::sdk::Operation`].
pub const CORE: &str = r#"/** A resposta do gateway quando o status não é 2xx. */
export class ApiError extends Error {
  constructor(status, body) {
    super("o gateway respondeu " + status);
    this.name = "ApiError";
    this.status = status;
    this.body = body;
  }
}

async function send(client, operation, params, body) {
  const given = params ?? {};
  const value = (name) => (Object.hasOwn(given, name) ? given[name] : undefined);
  const present = (each) => each !== undefined && each !== null;
  const missing = operation.required.filter((name) => !present(value(name)) || value(name) === "");
  if (missing.length > 0) throw new Error("faltam parâmetros: " + missing.join(", "));

  const encode = (text) => {
    // O `fetch` resolveria `..` antes de enviar, e a chamada iria para outro recurso.
    if (text === "." || text === "..") throw new Error("`" + text + "` não serve como parte do caminho");
    return encodeURIComponent(text);
  };
  const path = operation.path.map((part) => {
    if (typeof part === "string") return part;
    const text = String(value(part.name));
    return part.greedy ? text.split("/").map(encode).join("/") : encode(text);
  });
  const query = new URLSearchParams();
  for (const name of operation.query.filter((name) => present(value(name)))) {
    for (const each of [value(name)].flat()) query.append(name, each);
  }
  const headers = new Headers();
  for (const name of operation.headers.filter((name) => present(value(name)))) headers.set(name, value(name));
  if (operation.api_key && present(client.apiKey)) headers.set("x-api-key", client.apiKey);
  if (operation.authorization !== null && present(client.authorization)) {
    headers.set(operation.authorization, client.authorization);
  }
  const init = { method: operation.method, headers };
  if (operation.body && present(body)) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(body);
  }

  const base = client.baseUrl.endsWith("/") ? client.baseUrl.slice(0, -1) : client.baseUrl;
  const search = query.size > 0 ? "?" + query : "";
  // Uma chamada, uma requisição: nem 429 nem 5xx são repetidos.
  const { fetch } = client;
  const response = await fetch(base + "/" + path.join("/") + search, init);
  const text = await response.text();
  let content;
  try {
    content = text === "" ? undefined : JSON.parse(text);
  } catch {
    content = text;
  }
  if (!response.ok) throw new ApiError(response.status, content);
  return content;
}
"#;
