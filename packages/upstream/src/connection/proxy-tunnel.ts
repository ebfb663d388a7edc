import { type ClientRequest, request as httpRequest, type RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

type CreateConnection = NonNullable<RequestOptions["createConnection"]>;

function authorizationOf(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const userinfo = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(userinfo, "utf8").toString("base64")}` };
}

/**
 * Makes sockets that reach their host through an HTTP proxy's `CONNECT`, so that WebSockets take the same way as requests.
 *
 * @param proxyUrl - `http://[user:password@]host:port`.
 * @param isSecure - TLS is spoken with the host, inside the tunnel.
 */
export function connectThroughProxy(proxyUrl: string, isSecure: boolean): CreateConnection {
  const proxy = new URL(proxyUrl);
  return (options, callback) => {
    const host = options.host ?? "localhost";
    const port = Number(options.port ?? (isSecure ? 443 : 80));
    const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const tunnel: ClientRequest = httpRequest({
      host: proxy.hostname,
      port: proxy.port === "" ? 80 : Number(proxy.port),
      method: "CONNECT",
      path: target,
      headers: { host: target, ...authorizationOf(proxy) },
      agent: false,
    });
    const fail = (error: Error) => callback?.(error, undefined as unknown as Duplex);
    tunnel.once("error", fail);
    tunnel.once("connect", (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        fail(new Error(`Proxy ${proxy.host} refused the tunnel with status ${response.statusCode}`));
        return;
      }
      callback?.(null, isSecure ? connectTls({ socket, servername: host }) : socket);
    });
    tunnel.end();
    return undefined;
  };
}
